"""Clients that post, and logs that are stored encrypted: all that the linked agents have not.

The gateway takes requests with ids and stores each event for three sinks in one put. One writes
into a lake, without copies and with two workers; one into plain files; the third gives up what its
store does not take in time, and then it is in the files of dead letters. The vault keeps lines for
two sinks in a second journal, compressed and encrypted, with a new key at every other start.
"""

import os
from pathlib import Path

from faults.outage import Outage
from faults.posting import Posting, original, originals
from faults.stores import Store
from faults.streams import Stream
from faults.traffic import Logs
from flumec.runtime import Agent, Duration, Size
from flumec.runtime.channels import File
from flumec.runtime.component import After, ChannelRef, Header, JournalRef, Port, Secret, Url
from flumec.runtime.interceptors import RegexExtract
from flumec.runtime.journal_settings import Journal
from flumec.runtime.sinks import FileRoll, Hdfs
from flumec.runtime.sinks.dedup import Dedup
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.sources import Http, Taildir

SIZE = Size("4MiB")
ROLL = Roll(events=700, every=Duration("150ms"), idle=Duration("60ms"))
SLOWER = Roll(events=2_000, every=Duration("400ms"))
"""Of the store that goes away: what is intended then is in doubt, and cannot be given up."""
LONG = After(Duration("1s"))


def gateway(folder: Path, port: int) -> Agent:
    """Return the agent that clients post to."""
    store = folder / "store"
    events = Http("events", port=Port(port), request_id="Idempotency-Key")
    names = ("for_lake", "for_copies", "for_flaky", "dead")
    lake, copies, flaky, dead = (File(name, size=SIZE) for name in names)
    once = Dedup(key=Header("id"), late="drop")
    agent = Agent("gateway", host="web-1", address="127.0.0.1", columns=("kind", "id"))
    agent.flow(events, to=[lake, copies, flaky])
    agent.deliver(
        lake,
        Hdfs("lake", path=Url(f"file://{store}/lake/%{{kind}}"), workers=2, roll=ROLL, dedup=once),
    )
    agent.deliver(copies, _files("copies", store))
    agent.deliver(
        flaky,
        FileRoll(
            "flaky", directory=store / "flaky", path="%{kind}", roll=SLOWER,
            dead_letter=ChannelRef("dead"), give_up=LONG,
        ),
    )  # fmt: skip
    agent.deliver(dead, _files("letters", store))
    return agent


def vault(folder: Path, port: int) -> Agent:
    """Return the agent whose journal is encrypted."""
    del port
    logs = folder / "logs"
    lines = Taildir(
        "lines",
        files=(str(logs / "a.log"), str(logs / "b.log")),
        rotated=(str(logs / "a.log.*"), str(logs / "b.log.*")),
        batch=Size("32KiB"),
        idle=Duration("200ms"),
        poll=Duration("100ms"),
    )
    *older, newest = rotated_keys(folder / "keys")
    agent = Agent("vault", host="web-1", address="127.0.0.1", columns=("kind",))
    agent.keep(
        Journal("vault", compression="zstd", encryption=newest, previous=tuple(reversed(older)))
    )
    sealed, again = (
        File(name, size=SIZE, journal=JournalRef("vault")) for name in ("sealed", "again")
    )
    agent.flow(lines, RegexExtract(r"kind=(\w)", into=(Header("kind"),)), to=[sealed, again])
    agent.deliver(sealed, _files("opened", folder / "store"))
    agent.deliver(again, _files("opened_too", folder / "store"))
    return agent


def rotated_keys(folder: Path) -> list[Secret]:
    """Return the secrets, oldest first; every other start has a new one, as its operator wants."""
    folder.mkdir(exist_ok=True)
    starts = folder / "starts"
    count = 1 + (len(starts.read_bytes()) if starts.exists() else 0)
    with starts.open("ab") as file:
        file.write(b".")
    names = [f"key-{number:04d}" for number in range(1 + count // 2)]
    (folder / names[-1]).write_text(f"the secret of this journal, number {names[-1]}")
    os.environ["CREDENTIALS_DIRECTORY"] = str(folder)
    return [Secret(name) for name in names if (folder / name).exists()]


def _files(name: str, store: Path) -> FileRoll:
    return FileRoll(name, directory=store / name, path="%{kind}", max_open=2, roll=ROLL)


def streams(folder: Path, port: int, seed: int) -> list[Stream]:
    """Return what is posted, and what is logged."""
    store = folder / "store"
    posted = [
        Store("lake", [store / "lake"], originals, original),
        Store("copies", [store / "copies"]),
        Store("flaky and letters", [store / "flaky", store / "letters"]),
    ]
    logged = [Store(name, [store / name]) for name in ("opened", "opened_too")]
    return [
        Stream(Posting(port, seed), ("gateway",), posted),
        Stream(Logs(folder / "logs", seed), ("vault",), logged),
    ]


def outages(folder: Path) -> dict[str, Outage]:
    """Return the store that is away at times, while the gateway works."""
    return {"gateway": Outage(folder / "store" / "flaky")}


AGENTS = {"gateway": gateway, "vault": vault}
