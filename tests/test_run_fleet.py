"""A fleet of stand-ins that speak the service manager's protocol: started, watched, drained."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flumec.compiler import plan
from flumec.compiler.emit import script_path
from flumec.compiler.run import Fleet, Happening, RunError, Seen, loopback_addresses
from flumec.compiler.run.quiet import Quiet
from flumec.compiler.run.runner import run_fleet
from flumec.compiler.run.secrets import read_secrets
from flumec.compiler.run.stages import stages

STAND_IN = '''
"""Says that it is ready and what the test wrote into its state directory; ends when told."""
import itertools, json, os, signal, sys, time
from pathlib import Path
from flumec.runtime import notify
from flumec.runtime.sockets import Sockets

folder = Path(os.environ["STATE_DIRECTORY"])
signal.signal(signal.SIGTERM, lambda *_: (print("INFO agent ended", flush=True), sys.exit(0)))
if (folder / "broken").exists():
    print("ERROR agent it is broken", flush=True)
    sys.exit(1)
manager = notify.Notifier.of_process()
manager.send({"READY": "1"}, wait=True)
passed = Sockets()
for name in passed.unused:
    print("INFO agent", name, passed.listen(name, "", 0).getsockname()[1], flush=True)
print("INFO agent works", flush=True)
if (folder / "dies").exists():
    sys.exit(1)
for verdicts in itertools.count():
    held = int((folder / "held").read_text() or 0) if (folder / "held").exists() else 0
    channel = {"put": 10, "delivered": 10 - held, "dropped": 0, "dead_lettered": 0, "held": held,
               "held_bytes": held, "size": 100, "lag": 0.0}
    parts = {"in": {"kind": "source", "idle": not (folder / "busy").exists(), "failing": "",
                    "verdicts": verdicts, "counters": {}}}
    state = {"pid": os.getpid(), "time": time.monotonic(), "channels": {"spool": channel},
             "parts": parts}
    manager.send({"STATUS": f"{held} held", notify.STATE: json.dumps(state)})
    time.sleep(0.02)
'''


def agent(name: str, host: str, **values: Any) -> plan.Agent:
    """Make an agent of a plan with one channel and a sink."""
    defaults: dict[str, Any] = {
        "address": "127.0.0.1", "columns": (), "parts": (), "flows": (),
        "deliveries": (plan.Delivery("spool", "out", "x.flow:1"),), "senders": (),
        "receivers": (), "metrics_port": None, "limits": {}, "reads": (), "writes": (),
        "ports": (), "credentials": (), "user": "flumec", "file": "x.flow",
        "file_digest": "", "origin": "x.flow:1",
    }  # fmt: skip
    return plan.Agent(name, host, **(defaults | values))


def fleet_plan(*agents: plan.Agent, links: tuple[plan.Link, ...] = ()) -> plan.Plan:
    return plan.Plan(tuple(plan.Host(a.host, a.address, (a,)) for a in agents), links, (), "")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return tmp_path / "dist"


def write(bundle: Path, made: plan.Plan, text: str = STAND_IN) -> None:
    for host in made.hosts:
        for each in host.agents:
            path = bundle / script_path(each.host, each.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


class Diary:
    """What a fleet told its user."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.happenings: list[Happening] = []

    def hear(self, name: str, line: str) -> None:
        self.lines.append((name, line))

    def what(self, name: str) -> list[str]:
        return [happening.what for happening in self.happenings if happening.agent == name]


@pytest.fixture
def start(bundle: Path, tmp_path: Path) -> Iterator[Callable[..., tuple[Fleet, Diary]]]:
    started: list[Fleet] = []

    def run(made: plan.Plan, **options: Any) -> tuple[Fleet, Diary]:
        diary = Diary()
        write(bundle, made)
        fleet = Fleet(
            bundle, made, tmp_path / "state", on_line=diary.hear,
            on_happening=diary.happenings.append, **options,
        )  # fmt: skip
        started.append(fleet)
        fleet.start()
        assert fleet.wait_ready(20)
        return fleet, diary

    yield run
    for fleet in started:
        fleet.stop(at_once=True)


WEB, CORE = "tailer@web-1", "collector@core-1"
PAIR = fleet_plan(
    agent("collector", "core-1"),
    agent("tailer", "web-1"),
    links=(plan.Link(("tailer", "spool"), ("collector", "spool"), 4141, "x.flow:9"),),
)


@pytest.mark.slow
def test_a_killed_agent_is_started_again_and_the_others_are_not(
    start: Callable[..., tuple[Fleet, Diary]],
) -> None:
    fleet, diary = start(PAIR)
    other = fleet.agents[CORE].pid
    killed = fleet.kill(WEB)
    assert killed is not None
    assert fleet.wait(lambda seen: seen[WEB].starts == 2 and seen[WEB].phase == "ready", 20)
    assert fleet.agents[WEB].pid != killed
    assert fleet.agents[CORE].pid == other
    assert diary.what(WEB) == ["started", "ready", "died", "started", "ready"]
    assert "signal SIGKILL" in diary.happenings[-3].text


@pytest.mark.slow
def test_senders_are_drained_before_receivers(
    start: Callable[..., tuple[Fleet, Diary]],
) -> None:
    fleet, diary = start(PAIR)
    fleet.stop()
    ended = [happening.agent for happening in diary.happenings if happening.what == "stopped"]
    assert ended == [WEB, CORE]
    assert all(seen.ending == "exit code 0" for seen in fleet.agents.values())
    assert (WEB, "INFO agent ended") in diary.lines


@pytest.mark.slow
def test_idle_is_when_all_sources_and_channels_are(
    start: Callable[..., tuple[Fleet, Diary]], tmp_path: Path
) -> None:
    held = tmp_path / "state/core-1/collector/held"
    busy = tmp_path / "state/web-1/tailer/busy"
    for path in (held, busy):
        path.parent.mkdir(parents=True)
    held.write_text("3")
    busy.touch()
    fleet, _ = start(PAIR)
    assert fleet.wait(lambda seen: seen[CORE].held == 3, 10)
    assert not fleet.wait_idle(0.5, settle=0.05)
    held.write_text("0")
    assert not fleet.wait_idle(0.5, settle=0.05)
    busy.unlink()
    assert fleet.wait_idle(20, settle=0.05)


@pytest.mark.slow
def test_connections_wait_while_an_agent_restarts(
    start: Callable[..., tuple[Fleet, Diary]],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    fleet, diary = start(fleet_plan(agent("collector", "core-1", ports=(("from_tailer", port),))))
    assert fleet.wait(lambda _: (CORE, f"INFO agent from_tailer {port}") in diary.lines, 10)
    fleet.kill(CORE)
    socket.create_connection(("127.0.0.1", port), timeout=5).close()


@pytest.mark.slow
def test_a_port_that_is_taken_is_named_before_anything_starts(bundle: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        made = fleet_plan(agent("collector", "core-1", ports=(("from_tailer", port),)))
        write(bundle, made)
        with pytest.raises(RunError) as caught:
            Fleet(bundle, made, tmp_path / "state").start()
    assert f"`from_tailer` cannot listen on 127.0.0.1:{port}" in str(caught.value)
    assert f"process {os.getpid()}" in str(caught.value)


@pytest.mark.slow
def test_each_agent_is_shown_its_own_secrets_alone(
    start: Callable[..., tuple[Fleet, Diary]], tmp_path: Path
) -> None:
    file = tmp_path / "secrets"
    file.write_text("# a comment\n\ntoken = a=b c \nother=x\n")
    fleet, _ = start(fleet_plan(agent("tailer", "web-1", credentials=("token",))), secrets=file)
    environment = Path(f"/proc/{fleet.agents[WEB].pid}/environ").read_bytes().split(b"\0")
    shown = next(e for e in environment if e.startswith(b"CREDENTIALS_DIRECTORY="))
    folder = Path(os.fsdecode(shown.partition(b"=")[2]))
    assert [path.name for path in folder.iterdir()] == ["token"]
    assert (folder / "token").read_text() == "a=b c"
    assert folder.stat().st_mode & 0o777 == 0o700
    fleet.stop()
    assert not folder.exists()


def test_a_missing_secret_says_who_needs_it(bundle: Path, tmp_path: Path) -> None:
    made = fleet_plan(agent("tailer", "web-1", credentials=("token",)))
    write(bundle, made)
    with pytest.raises(RunError, match=r"`tailer` of web-1 needs the secret `token`.*--secrets"):
        Fleet(bundle, made, tmp_path / "state").start()


@pytest.mark.parametrize(
    ("text", "said"),
    [("token\n", ":1: expected `name = value`"), ("a = 1\na = 2\n", ":2: the secret `a` stands")],
)
def test_a_bad_secrets_file_is_told_by_its_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "secrets"
    file.write_text(text)
    with pytest.raises(RunError) as caught:
        read_secrets(file)
    assert said in str(caught.value)


@pytest.mark.slow
def test_agents_end_when_their_runner_is_killed(bundle: Path, tmp_path: Path) -> None:
    write(bundle, PAIR)
    program = (
        "import sys, time; from pathlib import Path; sys.path.insert(0, sys.argv[3])\n"
        "from test_run_fleet import PAIR, Fleet\n"
        "fleet = Fleet(Path(sys.argv[1]), PAIR, Path(sys.argv[2])); fleet.start()\n"
        "fleet.wait_ready(20); print(*(s.pid for s in fleet.agents.values()), flush=True)\n"
        "time.sleep(60)"
    )
    runner = subprocess.Popen(
        [
            sys.executable,
            "-c",
            program,
            str(bundle),
            str(tmp_path / "s"),
            str(Path(__file__).parent),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert runner.stdout is not None
    agents = [int(pid) for pid in runner.stdout.readline().split()]
    assert len(agents) == 2
    runner.kill()
    runner.wait()
    runner.stdout.close()
    deadline = time.monotonic() + 20
    while any(_runs(pid) for pid in agents) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(_runs(pid) for pid in agents)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_the_runner_ends_by_itself_when_the_fleet_is_idle(bundle: Path, tmp_path: Path) -> None:
    write(bundle, PAIR)
    output = io.StringIO()
    code = run_fleet(
        bundle, PAIR, state=tmp_path / "state", secrets=None, watch=True, until_idle=True,
        output=output,
    )  # fmt: skip
    text = output.getvalue()
    assert code == 0
    assert "tailer@web-1     │ INFO agent works\n" in text
    assert "collector@core-1 │ ready: process " in text
    assert "\nidle: every source has nothing new" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trouble", "said"), [("broken", "ERROR agent it is broken"), ("dies", "ready: process")]
)
def test_the_runner_gives_up_waiting_for_an_agent_that_never_stays_up(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str, said: str
) -> None:
    monkeypatch.setattr("flumec.compiler.run.runner.HOPELESS", 2)
    write(bundle, PAIR)
    cause = tmp_path / "state/web-1/tailer" / trouble
    cause.parent.mkdir(parents=True)
    cause.touch()
    output = io.StringIO()
    code = run_fleet(
        bundle, PAIR, state=tmp_path / "state", secrets=None, watch=False, until_idle=True,
        output=output,
    )  # fmt: skip
    assert code == 1
    assert f"tailer@web-1     │ {said}" in output.getvalue()
    assert "tailer@web-1 did not stay up in 2 starts" in output.getvalue()


@pytest.mark.slow
def test_a_fleet_is_drained_when_nobody_reads_its_output(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(bundle, PAIR)
    fleets: list[Fleet] = []

    class Kept(Fleet):
        def start(self) -> None:
            fleets.append(self)
            super().start()

    class Closed(io.StringIO):
        working = 0

        def write(self, text: str) -> int:
            self.working += "INFO agent works" in text
            if self.working == len(PAIR.hosts):
                raise BrokenPipeError(32, "Broken pipe")
            return super().write(text)

    monkeypatch.setattr("flumec.compiler.run.runner.Fleet", Kept)
    with pytest.raises(BrokenPipeError):
        run_fleet(
            bundle, PAIR, state=tmp_path / "state", secrets=None, watch=False, until_idle=False,
            output=Closed(),
        )  # fmt: skip
    assert {seen.ending for seen in fleets[0].agents.values()} == {"exit code 0"}


@pytest.mark.slow
def test_a_time_in_which_the_runner_was_stopped_is_no_silence_of_its_agents(
    start: Callable[..., tuple[Fleet, Diary]],
) -> None:
    fleet, diary = start(PAIR)

    def come_back_after(seconds: float) -> None:
        fleet._looked -= seconds
        for member in fleet._members.values():
            member._fed_at -= seconds

    fleet._ask(lambda: come_back_after(3600.0))
    time.sleep(0.3)
    assert "silent" not in diary.what(WEB) + diary.what(CORE)
    assert all(seen.starts == 1 for seen in fleet.agents.values())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_the_runner_drains_on_a_first_signal(
    bundle: Path, tmp_path: Path, number: signal.Signals
) -> None:
    write(bundle, PAIR)

    class Interrupting(io.StringIO):
        def write(self, text: str) -> int:
            if "collector@core-1 │ INFO agent works" in text:
                os.kill(os.getpid(), number)
            return super().write(text)

    output = Interrupting()
    code = run_fleet(
        bundle, PAIR, state=tmp_path / "state", secrets=None, watch=False, until_idle=False,
        output=output,
    )  # fmt: skip
    assert code == 0
    assert "draining" in output.getvalue()
    assert "collector@core-1 │ INFO agent ended" in output.getvalue()


def test_what_cannot_be_started_is_told_by_an_error(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="build it anew"):
        run_fleet(
            bundle, PAIR, state=tmp_path / "state", secrets=None, watch=False, until_idle=True,
            output=io.StringIO(),
        )  # fmt: skip


def seen(name: str, time: float, put: int = 5, **values: Any) -> Seen:
    channel = {"put": put, "delivered": put, "held": 0} | values.pop("channel", {})
    idle = values.pop("idle", True)
    source = {"kind": "source", "idle": idle, "verdicts": values.pop("verdicts", int(10 * time))}
    parts = {"in": source, "out": {"kind": "sink", "idle": False}}
    state = {"time": time, "channels": {"spool": channel}, "parts": parts}
    defaults: Mapping[str, Any] = {
        "pid": 7, "phase": "ready", "starts": 1, "failures": 0, "status": "", "state": state,
        "ending": "",
    }  # fmt: skip
    return Seen(name, **(defaults | values))


def test_quiet_needs_a_second_look_that_is_younger_than_every_first_one() -> None:
    quiet = Quiet({"a": {"spool"}, "b": {"spool"}}, settle=0.0)
    assert not quiet.look([seen("a", 1.0), seen("b", 2.0)])
    assert not quiet.look([seen("a", 1.5), seen("b", 2.5)])  # a's is older than b's first
    assert quiet.look([seen("a", 2.1), seen("b", 2.5)])


@pytest.mark.parametrize(
    "moved",
    [
        {"put": 6},
        {"pid": 8},
        {"channel": {"held": 1}},
        {"idle": False},
        {"phase": "starting"},
        {"state": None},
    ],
)
def test_quiet_begins_anew_when_anything_moved(moved: dict[str, Any]) -> None:
    quiet = Quiet({"a": {"spool"}}, settle=0.0)
    assert not quiet.look([seen("a", 1.0)])
    assert not quiet.look([seen("a", 2.0, **moved)])
    assert not quiet.look([seen("a", 3.0)])
    assert quiet.look([seen("a", 4.0)])


def test_a_source_that_is_stuck_is_not_believed_to_be_idle() -> None:
    quiet = Quiet({"a": {"spool"}}, settle=0.0)
    assert not quiet.look([seen("a", 1.0, verdicts=4)])
    assert not quiet.look([seen("a", 2.0, verdicts=4)])
    assert not quiet.look([seen("a", 3.0, verdicts=5)])  # it may have begun before the first look
    assert quiet.look([seen("a", 4.0, verdicts=6)])


def test_a_channel_that_nobody_reads_may_hold() -> None:
    quiet = Quiet({"a": frozenset()}, settle=0.0)
    assert not quiet.look([seen("a", 1.0, channel={"held": 4})])
    assert quiet.look([seen("a", 2.0, channel={"held": 4})])


def test_stages_put_senders_first_and_circles_last() -> None:
    def linked(*pairs: str) -> list[list[str]]:
        names = sorted({name for pair in pairs for name in pair})
        links = tuple(plan.Link((p[0], "c"), (p[1], "c"), 1, "") for p in pairs)
        made = fleet_plan(*(agent(name, "h" + name) for name in names), links=links)
        return [sorted(stage) for stage in stages(made)]

    assert linked("ab", "bc", "xc") == [["a", "x"], ["b"], ["c"]]
    assert linked("ab", "bc", "cb", "cd") == [["a"], ["b", "c", "d"]]


def test_every_host_has_a_loopback_address_of_its_own() -> None:
    names = [f"web-{number}" for number in range(2_000)]
    addresses = loopback_addresses(names)
    assert len(set(addresses.values())) == len(names)
    assert all(address.startswith("127.") for address in addresses.values())
    assert loopback_addresses(names[:10]) == dict(list(addresses.items())[:10])
