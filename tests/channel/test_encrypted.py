"""Encrypted journals: what needs no key, what needs one, wrong ones, and keys in rotation."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flumec.runtime.clock import SystemClock
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import ConsumerSpec, Identity, Journal
from flumec.runtime.journal.packing import Key, Keys
from flumec.runtime.journal.specs import Settings

from .conftest import PATIENCE, A, B, State, Tool

OLD, NEW, OTHER = ("old " * 8, "new " * 8, "other " * 8)
CLEAR = Settings()


def open_as(state: State, *secrets: str) -> Journal:
    """Open it as an agent does whose `encryption` is the first, and whose `previous` the others."""
    keys = [Key(secret) for secret in secrets]
    state.path.mkdir(exist_ok=True)
    state.journal = Journal.open(
        state.journals, disk=RealDisk(), clock=SystemClock(),
        identity=Identity("web-1", "tailer", "1.2.3", "bundle"), channels=[A, B],
        sources=["access"], consumers=[ConsumerSpec("to_a", "a"), ConsumerSpec("to_b", "b")],
        settings=Settings("none", Keys(keys[0], keys[1:])) if keys else CLEAR,
    )  # fmt: skip
    state.opened.append(state.journal)
    return state.journal


@pytest.fixture
def rotated(state: State) -> State:
    """Return a journal that was clear, then encrypted with one key, then with another."""
    for secrets, body in (((), b"clear"), ((OLD,), b"of the old"), ((NEW, OLD), b"of the new")):
        open_as(state, *secrets)
        state.put("a", bodies=[body], headers={"n": "1"})
        state.close()
    return state


@pytest.fixture
def key(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that writes a secret into a file, as an editor does."""

    def write(secret: str) -> Path:
        path = tmp_path / f"{secret.split(maxsplit=1)[0]}.key"
        path.write_text(secret + "\n")
        return path

    return write


def test_what_is_there_is_shown_and_checked_without_a_key(rotated: State, tool: Tool) -> None:
    channel = tool("ls", "--json", rotated.path).json["channels"][0]
    assert (channel["held"], channel["held_by"]) == (3, "to_a")
    assert channel["oldest_seconds"] > 0
    said = tool("verify", rotated.path)
    assert (said.status, said.lines[-1]) == (0, "sound")
    assert "2 frames encrypted: checked by checksum" in said.out


def test_the_age_of_the_oldest_needs_no_key(state: State, tool: Tool) -> None:
    open_as(state, NEW)
    state.put("a")
    assert tool("ls", "--json", state.path).json["channels"][0]["oldest_seconds"] > 0


def test_all_of_it_comes_out_with_every_key(
    rotated: State, tool: Tool, key: Callable[[str], Path]
) -> None:
    keys = ("--key-file", key(OLD), "--key-file", key(NEW))
    said = tool("export", rotated.path, "a", *keys)
    assert [json.loads(line)["body"] for line in said.lines] == [
        "clear",
        "of the old",
        "of the new",
    ]
    checked = tool("verify", rotated.path, *keys)
    assert (checked.lines[-1], "encrypted" in checked.out) == ("sound", False)


def test_systemds_credentials_are_keys_as_well(
    rotated: State, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    for name, text in (("a", OLD), ("b", NEW), ("password", "short"), ("cert", "\xff" * 40)):
        (folder / name).write_text(text, "latin-1")
    (folder / "folder").mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    assert len(tool("export", rotated.path, "a").rows) == 3


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        ((), "its secret is needed"),
        ((OTHER,), "1 secret that was given: not its"),
        ((OTHER, NEW), "2 secrets that were given: not its"),
    ],
    ids=["none", "wrong", "one too few"],
)
@pytest.mark.parametrize(
    "command",
    [("export", "a"), ("drop", "a", "--force"), ("skip", "--damaged"), ("skip", "a", "--row", "1")],
    ids="-".join,
)
def test_a_key_that_is_missing_is_named_by_its_number_and_nothing_happens(
    rotated: State, tool: Tool, key: Callable[[str], Path], tmp_path: Path,
    command: tuple[str, ...], secrets: tuple[str, ...], said: str,
) -> None:  # fmt: skip
    before = tool("ls", "--json", rotated.path).json
    more = ["--to", tmp_path / "row"] if "--row" in command else []
    files = [part for secret in secrets for part in ("--key-file", key(secret))]
    answer = tool(command[0], rotated.path, *command[1:], *more, *files)
    assert (answer.status, answer.out) == (2, "")
    assert f"is encrypted with the key {Key(OLD).number:08x}; {said}" in answer.err
    assert "--key-file" in answer.err
    assert not [s for s in (OLD, NEW, OTHER) if s.strip() in answer.err]
    after = tool("ls", "--json", rotated.path).json
    assert [(c["held"], c["dropped"]) for c in after["channels"]] == [
        (c["held"], c["dropped"]) for c in before["channels"]
    ]


def test_what_is_changed_is_written_with_the_newest_key(
    rotated: State, tool: Tool, key: Callable[[str], Path], tmp_path: Path
) -> None:
    keys = ("--key-file", key(NEW), "--key-file", key(OLD))
    file, row = tmp_path / "out.jsonl", tmp_path / "row.jsonl"
    assert tool("export", rotated.path, "a", "--to", file, *keys).status == 0
    assert tool("replay", rotated.path, "b", file, *keys).status == 0
    assert tool("skip", rotated.path, "a", "--row", "1", "--to", row, *keys).status == 0
    assert json.loads(row.read_text())["body"] == "of the old"
    for segment in rotated.segments[-2:]:
        assert b"of the new" not in segment.read_bytes()
    journal = open_as(rotated, NEW, OLD)
    assert [chunk.rows for chunk in journal.consumer("to_b").read(PATIENCE)] == [1, 1, 1]
    assert [chunk.first for chunk in journal.consumer("to_a").read(PATIENCE)] == [0, 2]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"short\n", "has 5 characters and needs at least 32"),
        (b"\xff" * 40, "is not UTF-8 text"),
        (None, "No such file or directory"),
    ],
    ids=["short", "no text", "missing"],
)
def test_a_file_that_holds_no_secret_is_named(
    rotated: State, tool: Tool, tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    answer = tool("export", rotated.path, "a", "--key-file", path)
    assert (answer.status, str(path) in answer.err, said in answer.err) == (2, True, True)


def test_a_body_that_its_own_key_does_not_open_is_damage(
    state: State, tool: Tool, key: Callable[[str], Path]
) -> None:
    """Its checksum is right, so only the key tells."""
    forged = Key(OTHER)
    forged.number = Key(NEW).number
    state.path.mkdir()
    state.journal = Journal.open(
        state.journals, disk=RealDisk(), clock=SystemClock(), identity=Identity("h", "a", "1", ""),
        channels=[A], sources=[], consumers=[], settings=Settings("none", Keys(forged)),
    )  # fmt: skip
    state.put("a", bodies=[b"one"])
    state.close()
    assert tool("verify", state.path).lines[-1] == "sound"
    for command in (("verify", state.path), ("export", state.path, "a")):
        said = tool(*command, "--key-file", key(NEW))
        assert said.status
        assert "a body cannot be opened (it does not belong to its row and key)" in (
            said.out + said.err
        )
