"""WebHDFS by TLS: to the NameNode and to the DataNode that it names, and what `ca` must be."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flumec.runtime.component import Url
from flumec.runtime.output.store import Unavailable
from flumec.runtime.sinks import Hdfs
from flumec.runtime.testing.claims import ANY
from servers.authority import Authority
from servers.secure import Secure
from servers.serving import serving

from .conftest import HdfsPlace, hide

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    with serving(lambda: Secure(tmp_path_factory.mktemp("secure") / "site")) as server:
        yield server


@pytest.fixture
def lake(secure: Secure, request: pytest.FixtureRequest) -> str:
    return secure.make(f"/lake/{request.node.originalname}", owner="flume")


def test_files_are_published_by_tls_alone(secure: Any, lake: str, tmp_path: Path) -> None:
    address = secure.addresses[0].removeprefix("https://")
    url = f"swebhdfs://{address}{lake}"
    sink = Hdfs("lake", path=Url(url), user="flume", ca=secure.certificate)
    place = HdfsPlace(secure, lake, tmp_path)
    place.location = sink.location(url, None)
    store = place.start()
    store.take_over(ANY, witness=False)
    hidden = [hide(store, content) for content in (b"one", b"two\n" * 500_000)]

    store.mark(1)
    store.publish([(file.name, f"{n}.log") for n, file in enumerate(hidden)])

    assert place.published() == {"0.log": b"one", "1.log": b"two\n" * 500_000}
    assert place.location.namenodes == secure.addresses


def empty(folder: Path) -> Path:
    (folder / "empty.pem").write_text("no certificate\n")
    return folder / "empty.pem"


def unreadable(folder: Path) -> Path:
    (folder / "folder.pem").mkdir()
    return folder / "folder.pem"


WRONG: dict[str, tuple[Callable[[Path], Path | None], str]] = {
    "none": (lambda folder: None, "a TLS connection can't be made"),
    "another one": (
        lambda folder: Authority(folder / "other").certificate,
        "is its authority in `ca`",
    ),
    "missing": (
        lambda folder: folder / "gone.pem",
        r"`ca`: .*gone.pem` can't be read: No such file",
    ),
    "empty": (empty, r"`ca`: .*empty.pem` has no certificate in PEM"),
    "a folder": (unreadable, r"`ca`: .*folder.pem` can't be read: Is a directory"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_ca_is_refused_with_the_reason(
    wrong: str, secure: Any, lake: str, tmp_path: Path
) -> None:
    make, said = WRONG[wrong]
    ca = make(tmp_path)
    place = HdfsPlace(secure, lake, tmp_path / "state", ca=None if ca is None else str(ca))

    with pytest.raises(Unavailable, match=said):
        place.start().take_over(ANY, witness=False)

    assert place.published() == {}


@pytest.mark.parametrize(
    ("address", "days", "said"),
    [("127.0.0.2", 1, "not valid for '127.0.0.1'"), ("127.0.0.1", -1, "certificate has expired")],
    ids=["of another host", "expired"],
)
def test_a_wrong_certificate_is_said(
    address: str, days: int, said: str, tmp_path: Path, directory: str
) -> None:
    with serving(lambda: Secure(tmp_path / "site", address=address, days=days)) as server:
        place = HdfsPlace(server, "/lake", tmp_path / "state", ca=str(server.certificate))

        with pytest.raises(Unavailable, match=said):
            place.start().take_over(ANY, witness=False)
