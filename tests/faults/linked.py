"""Two linked agents: logs, a link, and files at both ends.

The tailer stores each line for a link and for a sink of its own, in one put; the collector has the
other end of the link.
"""

from pathlib import Path

from faults.stores import Store
from faults.streams import Stream
from faults.traffic import Logs
from flumec.runtime import Agent, Duration, Size
from flumec.runtime.channels import File
from flumec.runtime.component import Header, Port
from flumec.runtime.interceptors import RegexExtract
from flumec.runtime.links import ArrowReceiver, ArrowSender, Peer
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.sources import Taildir

LINK, WIRE = "tailer.spool => collector.inbox", "9f86d081884c7d65"
PATIENT = Duration("2s")


def files(folder: Path, store: str) -> FileRoll:
    """Return a sink with three paths, whose files are of different ages."""
    roll = Roll(events=700, every=Duration("150ms"), idle=Duration("60ms"))
    directory = folder / "store" / store
    return FileRoll("files", directory=directory, path="%{kind}", max_open=2, roll=roll)


def tailer(folder: Path, port: int) -> Agent:
    """Return the agent that reads the logs."""
    logs = folder / "logs"
    lines = Taildir(
        "lines",
        files=(str(logs / "a.log"), str(logs / "b.log")),
        rotated=(str(logs / "a.log.*"), str(logs / "b.log.*")),
        batch=Size("32KiB"),
        idle=Duration("200ms"),
        poll=Duration("100ms"),
    )
    spool, copies = File("spool", size=Size("4MiB")), File("copies", size=Size("4MiB"))
    sender = ArrowSender(
        "to_collector", link=LINK, wire=WIRE, peers=(Peer("core", "127.0.0.1", port),),
        time_out=PATIENT, connect_time_out=PATIENT, back_off=Duration("200ms"),
    )  # fmt: skip
    agent = Agent("tailer", host="web-1", address="127.0.0.1", columns=("kind",))
    agent.flow(lines, RegexExtract(r"kind=(\w)", into=(Header("kind"),)), to=[spool, copies])
    agent.deliver(spool, sender)
    agent.deliver(copies, files(folder, "copies"))
    return agent


def collector(folder: Path, port: int) -> Agent:
    """Return the agent that writes what comes in."""
    receiver = ArrowReceiver("from_tailers", port=Port(port), time_out=PATIENT)
    inbox = File("inbox", size=Size("4MiB"))
    agent = Agent("collector", host="core", address="127.0.0.1", columns=("kind",))
    agent.receive(receiver, link=LINK, wire=WIRE, to=inbox)
    agent.deliver(inbox, files(folder, "arrivals"))
    return agent


def streams(folder: Path, port: int, seed: int) -> list[Stream]:
    """Return the one stream, which has to arrive in both stores."""
    del port
    stores = [Store(name, [folder / "store" / name]) for name in ("copies", "arrivals")]
    return [Stream(Logs(folder / "logs", seed), ("tailer", "collector"), stores)]


AGENTS = {"tailer": tailer, "collector": collector}
