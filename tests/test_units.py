"""Whatever users write, a unit says what was meant, and no more."""

import dataclasses
import re
from pathlib import Path, PurePosixPath

import pytest
from flumec.compiler.emit.accounts import sysusers, tmpfiles
from flumec.compiler.emit.socket_units import socket_units
from flumec.compiler.emit.unit import unit
from flumec.compiler.emit.unit_text import setting, word
from flumec.compiler.plan import Agent, Host, Part
from flumec.runtime.credentials import ABSENT
from flumec.runtime.ending import DRAIN
from flumec.runtime.quantity import Percent, Size
from flumec.runtime.restarts import START_TIMEOUT
from hypothesis import given
from hypothesis import strategies as st

TRICKY = "%n\\\"' \n\r\t;#[]=$ä漢\ud800"
TEXT = st.text(st.characters(codec=None)) | st.text(st.sampled_from(TRICKY))
PATHS = TEXT.map(lambda text: str(PurePosixPath("/srv") / text.replace("\0", "")))

PLAIN = Agent(
    name="tailer", host="web-1", address="web-1", columns=(), parts=(), flows=(), deliveries=(),
    senders=(), receivers=(), metrics_port=None, limits={}, reads=(), writes=(), ports=(),
    credentials=(), user="flumec", file="weblogs.flow", file_digest="ab" * 32, origin="x:1",
)  # fmt: skip


def settings(text: str) -> dict[str, list[str]]:
    """Read a unit file as systemd.syntax(7) says."""
    found: dict[str, list[str]] = {}
    text.encode("utf-8")
    for line in re.sub(r"(?m)^[#;].*\n", "", text).replace("\\\n", " ").split("\n"):
        if line and not line.startswith("["):
            name, equals, value = line.partition("=")
            assert equals, line
            found.setdefault(name, []).append(value)
    return found


def words(value: str) -> list[str]:
    """Split a setting into words as systemd does, and expand `%%`."""
    found = re.findall(r'"((?:\\.|[^"\\])*)"|(\S+)', value)
    return [re.sub(r"\\(.)", r"\1", quoted or plain).replace("%%", "%") for quoted, plain in found]


@pytest.mark.slow
@given(host=TEXT, user=TEXT, doc=TEXT, file=TEXT, writes=st.lists(PATHS, max_size=3))
def test_no_text_adds_a_setting(
    host: str, user: str, doc: str, file: str, writes: list[str]
) -> None:
    agent = dataclasses.replace(
        PLAIN, host=host, user=user, doc=doc, file=file, writes=tuple(writes)
    )
    said, plain = settings(unit(agent)), settings(unit(PLAIN))
    paths = said.pop("BindPaths")
    for hidden in ("TemporaryFileSystem", "BindReadOnlyPaths"):
        said.pop(hidden, [])
        plain.pop(hidden, [])
    plain.pop("BindPaths")
    assert {name: len(values) for name, values in said.items()} == {
        name: len(values) for name, values in plain.items()
    }
    assert said["ExecStart"] == [
        "/opt/flumec/current/bin/python /opt/flumec/current/agents/tailer.py"
    ]
    assert "%" not in said["Description"][0].replace("%%", "")
    assert len(paths) == 1 + len(set(writes))


@given(PATHS)
def test_a_path_is_the_same_for_systemd(path: str) -> None:
    (said,) = words(word(path))
    meant = str(PurePosixPath(path))
    assert PurePosixPath(meant).is_relative_to(said)
    if meant.isascii() and meant.isprintable():
        assert said == meant


@given(TEXT)
def test_a_setting_is_one_line_without_specifiers(text: str) -> None:
    said = setting(text)
    assert "\n" not in said
    assert not said.endswith("\\")
    assert "%" not in said.replace("%%", "")


def test_it_is_given_the_time_that_it_needs() -> None:
    said = settings(unit(PLAIN))
    assert float(said["TimeoutStopSec"][0]) > 2 * DRAIN
    assert float(said["TimeoutStartSec"][0]) == START_TIMEOUT


def test_it_comes_back_however_it_ended() -> None:
    said = settings(unit(PLAIN))
    assert said["Restart"] == ["always"]  # `kill PID` is a clean end to systemd; `stop` stays one
    assert said["StartLimitIntervalSec"] == ["0"]


@pytest.mark.slow
def test_limits_are_systemds() -> None:
    limits = {"memory": Size("1GiB"), "cpu": Percent("150%"), "files": 4096}
    said = settings(unit(dataclasses.replace(PLAIN, limits=limits)))
    assert (said["MemoryMax"], said["CPUQuota"], said["LimitNOFILE"]) == (
        ["1073741824"],
        ["150%"],
        ["4096"],
    )


def test_a_low_port_is_opened_by_its_unit() -> None:
    low = dataclasses.replace(PLAIN, ports=(("events", 443),))
    said = settings(unit(low))
    assert said["Sockets"] == ["flumec-tailer-events.socket"]
    assert said["AmbientCapabilities"] == [""]


def test_only_a_low_port_that_no_unit_can_open_needs_a_capability() -> None:
    events = Part("Http", "m", "events", {"bind": "front.example.com"}, "x:2")
    low = dataclasses.replace(PLAIN, ports=(("events", 443),), parts=(events,))
    said = settings(unit(low))
    assert "Sockets" not in said
    assert said["AmbientCapabilities"] == ["CAP_NET_BIND_SERVICE"]
    assert socket_units(low) == {}


@pytest.mark.parametrize(
    ("address", "bind", "stream"),
    [
        ("web-1.example.com", None, "8080"),
        ("10.0.0.7", None, "10.0.0.7:8080"),
        ("2001:db8::7", None, "[2001:db8::7]:8080"),
        ("10.0.0.7", "127.0.0.1", "127.0.0.1:8080"),
        ("10.0.0.7", "localhost", "127.0.0.1:8080"),
        ("10.0.0.7", "0.0.0.0", "0.0.0.0:8080"),
        ("10.0.0.7", "front.example.com", None),
        ("fe80::1%eth0", None, None),
        ("", None, "8080"),
    ],
)
def test_a_unit_listens_where_the_agent_would(
    address: str, bind: str | None, stream: str | None
) -> None:
    events = Part("Http", "m", "events", {"bind": bind}, "x:2")
    agent = dataclasses.replace(PLAIN, address=address, ports=(("events", 8080),), parts=(events,))
    texts = socket_units(agent)
    assert [settings(text)["ListenStream"] for text in texts.values()] == (
        [[stream]] if stream else []
    )


def test_each_port_has_a_unit_that_names_its_socket() -> None:
    agent = dataclasses.replace(PLAIN, ports=(("a", 8080), ("b", 4141)), metrics_port=9101)
    said = {name: settings(text) for name, text in socket_units(agent).items()}
    assert {
        name: (each["FileDescriptorName"], each["ListenStream"]) for name, each in said.items()
    } == {
        "flumec-tailer-a.socket": (["a"], ["8080"]),
        "flumec-tailer-b.socket": (["b"], ["4141"]),
        "flumec-tailer-metrics-port.socket": (["metrics-port"], ["127.0.0.1:9101"]),
    }
    assert settings(unit(agent))["Sockets"] == list(said)
    assert {each["Service"][0] for each in said.values()} == {"flumec-tailer.service"}


def test_secrets_are_credentials() -> None:
    agent = dataclasses.replace(PLAIN, credentials=("kafka", "lake"))
    assert settings(unit(agent))["LoadCredential"] == [
        "kafka:/etc/flumec/credentials/kafka",
        "lake:/etc/flumec/credentials/lake",
    ]
    assert settings(unit(agent))["SetCredential"] == ["kafka:\\n", "lake:\\n"]
    assert ABSENT == b"\n"


def test_users_and_directories_are_made() -> None:
    ours = dataclasses.replace(PLAIN, reads=("/var/log/nginx/access.log",), writes=("/srv/a b",))
    theirs = dataclasses.replace(PLAIN, user="nginx", writes=("/srv/c",), credentials=("x",))
    host = Host("web-1", "web-1", (ours, theirs))
    assert sysusers(host).splitlines()[1:] == [
        'u flumec - "flumec agents" /var/lib/flumec',
    ]
    assert tmpfiles(host).splitlines()[1:] == [
        "d /etc/flumec/credentials :0700 :root :root -",
        'd "/srv/a b" :0755 :flumec :flumec -',
        "d /srv/c :0755 :nginx :nginx -",
    ]


def test_what_the_page_says_of_the_directives_is_so() -> None:
    page = (Path(__file__).parent.parent / "docs" / "units.md").read_text()
    said = settings(unit(dataclasses.replace(PLAIN, limits={"memory": 1 << 30, "cpu": 1.5})))
    named = re.findall(r"`([A-Z][A-Za-z]+)=([a-z0-9]*)[^`]*`", page)
    drop_in = {"BindReadOnlyPaths"}
    assert len(named) > 10
    for name, value in named:
        if name not in drop_in:
            assert name in said, name
            assert not value or said[name] == [value]
