"""The hdfs sink: what its url means, and each event once in a folder of the host or a real HDFS."""

import io
import json
import random
import socket
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from flumec.runtime.component import Secret, Size, Url
from flumec.runtime.disk import RealDisk
from flumec.runtime.sinks import Hdfs
from flumec.runtime.sinks.filing import Roll

from .conftest import Channel, SinkPlace, Start


def sink(path: str, **given: Any) -> Hdfs:
    return Hdfs("files", path=Url(path), **given)


def test_with_a_file_url_it_writes_below_its_constant_folder(
    channel: Channel, place: Start, tmp_path: Path
) -> None:
    stamp = "1795344000000"
    channel.bodies(b"a", b"b", host=["web-1", "web-2"], timestamp=[stamp] * 2)

    sink(f"file://{tmp_path}/lake/web/%Y-%m-%d/%{{host}}").run(place())

    found = {
        path.parent.relative_to(tmp_path).as_posix(): path.read_text()
        for path in tmp_path.rglob("*.log")
    }
    assert found == {"lake/web/2026-11-22/web-1": "a\n", "lake/web/2026-11-22/web-2": "b\n"}
    assert (tmp_path / "lake/web/.flumec").is_dir()
    assert channel.delivered == 2


@pytest.mark.parametrize(
    ("path", "namenodes", "asked", "directory"),
    [
        ("hdfs://nn/logs/%Y", (), ("http://nn:9870",), "/logs"),
        ("webhdfs://nn:50070/logs", (), ("http://nn:50070",), "/logs"),
        ("swebhdfs://nn/logs", (), ("https://nn:9871",), "/logs"),
        ("hdfs://nn:14000/a/b/%{x}/c", (), ("http://nn:14000",), "/a/b"),
        ("hdfs://lake/l", ("nn1:9870", "nn2"), ("http://nn1:9870", "http://nn2:9870"), "/l"),
        ("hdfs://lake:8020/l", ("nn1",), ("http://nn1:9870",), "/l"),
        ("hdfs:///l", ("https://nn1",), ("https://nn1:9871",), "/l"),
        ("hdfs://[::1]/l", (), ("http://[::1]:9870",), "/l"),
        ("hdfs://nn/%Y", (), ("http://nn:9870",), "/"),
    ],
)
def test_a_url_says_whom_to_ask_and_where(
    path: str, namenodes: tuple[str, ...], asked: tuple[str, ...], directory: str
) -> None:
    from flumec.runtime.output.location import divided

    one = sink(path, namenodes=namenodes, user="flume")
    location = one.location(divided(one.path)[0], "a token")

    assert (location.namenodes, location.directory) == (asked, directory)
    assert (location.user, location.token) == ("flume", "a token")
    assert location.prefix == path.partition("//")[0] + "//" + path.split("/")[2]
    assert "a token" not in repr(location)


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one name that is a host's."""

    def resolve(name: str, *_: object) -> list[object]:
        if name != "old":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.mark.usefixtures("hosts")
def test_a_folder_that_it_left_is_reached_by_that_folders_own_url() -> None:
    moved = sink("hdfs://new/logs", namenodes=("nn1", "nn2"))

    assert moved.location("hdfs://new/old", None).namenodes == (
        "http://nn1:9870",
        "http://nn2:9870",
    )
    assert moved.location("hdfs://old/logs", None).namenodes == ("http://old:9870",)
    assert moved.location("hdfs://gone:9870/l", None).namenodes == ("http://gone:9870",)


@pytest.mark.usefixtures("hosts")
@pytest.mark.parametrize(
    ("path", "namenodes"), [("hdfs://new/logs", ("nn1", "nn2")), ("hdfs://nn1/logs", ())]
)
def test_a_pair_that_has_another_name_by_now_is_asked_as_the_sinks_own(
    path: str, namenodes: tuple[str, ...]
) -> None:
    location = sink(path, namenodes=namenodes).location("hdfs://former/logs", None)

    asked = ("http://nn1:9870", "http://nn2:9870") if namenodes else ("http://nn1:9870",)
    assert (location.namenodes, location.prefix) == (asked, "hdfs://former")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"path": "s3://bucket/x"}, "there are `file://`, `hdfs://`, `webhdfs://`, `swebhdfs://`"),
        ({"path": "file://nn/x"}, "write `file:///` and the path"),
        ({"path": "file:///x", "namenodes": ("nn",)}, "`file://` has no NameNodes"),
        ({"path": "file:///x", "user": "flume"}, "`file://` has no `user`"),
        ({"path": "file:///x", "token": Secret("t")}, "`file://` has no `token`"),
        ({"path": "hdfs:///x"}, "`path` names no host"),
        ({"path": "hdfs://nn:8020/x"}, '`namenodes = ["nn:9870"]`'),
        ({"path": "hdfs://nn:9000/x"}, "9000 is the port of HDFS's RPC"),
        ({"path": "hdfs://nn:x/x"}, "`nn:x` is no NameNode"),
        ({"path": "hdfs://nn:99999/x"}, "`nn:99999` is no NameNode"),
        ({"path": "hdfs://nn/x", "namenodes": ("nn1", "nn2:8020")}, "`nn2:8020`: 8020 is the port"),
        ({"path": "hdfs://nn/x", "namenodes": ("ftp://nn",)}, "`ftp://nn` is no NameNode"),
        ({"path": "hdfs://nn/x", "namenodes": ("nn:99999",)}, "`nn:99999` is no NameNode"),
        ({"path": "hdfs://nn/x", "ca": Path("/ca")}, "`ca` is for TLS"),
        ({"path": "hdfs://nn/x/%q"}, "`%q` in `%q` is unknown"),
        ({"path": "hdfs://nn/x/%Y/.flumec"}, "has the part `.flumec`"),
    ],
)
def test_what_cannot_be_is_said_when_it_is_declared(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError) as error:
        sink(**given)
    assert sentence in str(error.value)


KINDS: list[dict[str, Any]] = [
    {"codec": "gzip"},
    {"format": "json", "codec": "zstd", "workers": 3},
    {"format": "parquet", "codec": "zstd", "workers": 3},
]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=["text", "json", "parquet"])
def test_each_event_is_once_in_a_real_hdfs(
    hdfs: Any, channel: Channel, tmp_path: Path, kind: dict[str, Any]
) -> None:
    import gzip

    import pyarrow as pa

    folder = hdfs.make(f"/lake/sink-{kind.get('format')}", owner="flume")
    dice = random.Random(3)
    number = 0
    for _ in range(20):
        hosts = [dice.choice("abc") for _ in range(50)]
        channel.bodies(*[b"%d" % (number + n) for n in range(50)], host=hosts)
        number += 50
    one = sink(
        f"hdfs://lake{folder}/%Y/%{{host}}", namenodes=hdfs.addresses, user="flume",
        roll=Roll(events=100, size=Size("64KiB")), **kind,
    )  # fmt: skip
    for steps in (7, 30):  # the second start goes on where the first one ended
        here = SinkPlace(channel.consumer(), RealDisk(), state=tmp_path / "state")
        here.until = lambda here=here, steps=steps: here.steps >= steps
        one.run(here)

    rows = []
    for name, content in hdfs.published(folder).items():
        if kind.get("format") == "parquet":
            mine = pq.read_table(io.BytesIO(content)).column("body").to_pylist()
        elif kind.get("format") == "json":
            plain = pa.CompressedInputStream(pa.py_buffer(content), "zstd").read()
            mine = [json.loads(line)["body"] for line in plain.splitlines()]
        else:
            mine = gzip.decompress(content).split()
        assert len(name.split("/")) == 3, name
        rows += [int(body) for body in mine]
    assert sorted(rows) == list(range(number))
    assert hdfs.hidden(folder) == []
    assert (channel.delivered, channel.intents) == (number, [])


class _CutOff(Exception):  # noqa: N818 what happened
    """The process ends here."""


@pytest.mark.slow
@pytest.mark.parametrize("published", [False, True], ids=["before the rename", "after it"])
def test_a_pair_that_is_renamed_under_an_open_intent_gets_each_event_once(
    hdfs: Any,
    channel: Channel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    published: bool,
) -> None:
    from flumec.runtime.output.webhdfs import WebHdfsStore

    folder = hdfs.make(f"/lake/renamed-{published}", owner="flume")
    channel.bodies(b"one", b"two", b"three", host=["a", "b", "a"])
    real = WebHdfsStore.publish

    def publish(store: WebHdfsStore, files: Any) -> None:
        if published:
            real(store, files)
        raise _CutOff

    def start(name: str) -> None:
        one = sink(f"hdfs://{name}{folder}/%{{host}}", namenodes=hdfs.addresses, user="flume")
        here = SinkPlace(channel.consumer(), RealDisk(), state=tmp_path / "state")
        here.until = lambda: here.steps >= 9
        one.run(here)

    with monkeypatch.context() as cut:
        cut.setattr(WebHdfsStore, "publish", publish)
        with pytest.raises(_CutOff):
            start("former.invalid")
    assert len(channel.intents) == 1
    start("later.invalid")

    lines = [line for content in hdfs.published(folder).values() for line in content.split()]
    assert sorted(lines) == [b"one", b"three", b"two"]
    assert (hdfs.hidden(folder), channel.delivered, channel.intents) == ([], 3, [])
