"""Bodies compressed and encrypted on disk: what was put is read, with the right key only."""

import sys
from collections.abc import Callable
from contextlib import suppress

import pyarrow as pa
import pytest
from flumec.runtime.disk import Disk
from flumec.runtime.journal import (
    ChannelSpec,
    Journal,
    JournalDamaged,
    JournalFailed,
    Settings,
    StateError,
)
from flumec.runtime.journal.packing import Key, Keys, compress, unpack
from flumec.runtime.journal.records import Chunk, Cursor, Frame, Put, Stored
from flumec.runtime.testing import EVERYTHING, NOTHING, CrashDisk, PowerCut, Survival

from .conftest import PATIENCE, Rig

A = ChannelSpec("a", 1 << 20, durable=True)
OLD, NEW = Key("an old secret, of thirty-two letters"), Key("a new secret, also of enough letters")
PACKED = Settings("zstd", Keys(NEW))
EACH = pytest.mark.parametrize(
    "settings",
    [Settings("lz4"), Settings("zstd"), Settings("none", Keys(NEW)), PACKED],
    ids=["lz4", "zstd", "encrypted", "both"],
)


def bodies(rig: Rig, name: str = "a") -> list[bytes]:
    consumer = rig.consumer(name)
    consumer.seek(consumer.cursor.low)
    found: list[Chunk] = []
    while more := consumer.read(0):
        found += more
    return [bytes(chunk.body) for chunk in found]


def on_disk(rig: Rig) -> bytes:
    assert isinstance(rig.disk, CrashDisk)
    names = [name for name in rig.disk.names(rig.directory) if name.endswith(".seg")]
    return b"".join(rig.disk.content(rig.directory / name) for name in names)


def put(rig: Rig, body: bytes, *channels: str) -> None:
    frame = Frame(channels or ("a",), 2, pa.py_buffer(body))
    outcome = rig.journal.submit(Put((frame,))).result(PATIENCE)
    assert isinstance(outcome, Stored)


def secret_line(number: int) -> bytes:
    return b"a line that nobody may read, number %05d\n" % number * 100


@EACH
def test_what_is_read_is_what_was_put(rig: Rig, settings: Settings) -> None:
    rig.settings = settings
    rig.open(A, ChannelSpec("live", 1 << 20, durable=False))
    lines = [secret_line(n) for n in range(9)]
    for line in lines[:5]:
        put(rig, line)
    assert bodies(rig) == lines[:5], "from memory"
    assert bodies(rig) == lines[:5], "from disk"
    for restart in (rig.reopen, lambda: (rig.killed(), rig.open())):
        restart()
        assert bodies(rig) == lines[:5]
    for line in lines[5:]:
        put(rig, line, "a", "live")
    assert bodies(rig, "live") == lines[5:]
    assert bodies(rig) == lines
    assert secret_line(3) not in on_disk(rig)


@EACH
def test_a_channel_counts_bytes_as_they_are_stored(rig: Rig, settings: Settings) -> None:
    rig.settings = settings
    rig.open(A)
    for number in range(5):
        put(rig, secret_line(number))
    held = rig.journal.stats()["a"].held_bytes
    assert held == 5 * 4216 if settings.compression == "none" else held < 5 * 700
    assert round(rig.consumer().fullness * A.size) == held
    rig.killed()
    rig.open()
    assert rig.journal.stats()["a"].held_bytes == held
    bodies(rig)
    rig.consumer().advance(Cursor(10, delivered=10)).result(PATIENCE)
    assert rig.journal.stats()["a"].held_bytes == 0
    assert rig.consumer().fullness == 0


def test_what_gains_nothing_is_stored_as_it_is() -> None:
    noise = pa.py_buffer(bytes(range(256)))
    assert compress(noise, "zstd") == (noise, 0)
    text = pa.py_buffer(b"x" * 5000)
    packed, form = compress(text, "lz4")
    assert packed.size < 100
    assert unpack(packed, form, 5000).equals(text)


def test_the_same_body_is_never_stored_as_the_same_bytes(rig: Rig) -> None:
    rig.settings = Settings("none", Keys(NEW))
    rig.open(A)
    for _ in range(8):
        put(rig, b"equal" * 100)
    content = on_disk(rig)
    assert NEW.seal(memoryview(b"equal" * 100), rig.journal.epoch, 4) in content
    sealed = [
        NEW.seal(memoryview(b"equal" * 100), rig.journal.epoch, row) for row in range(0, 16, 2)
    ]
    assert len(set(sealed)) == 8
    rig.reopen()
    assert bodies(rig) == [b"equal" * 100] * 8


def test_keys_are_rotated_by_new_segments(rig: Rig) -> None:
    rig.settings = Settings("none", Keys(OLD))
    rig.open(A)
    for number in range(8):
        put(rig, secret_line(number))
    rig.settings = Settings("none", Keys(NEW, [OLD]))
    rig.reopen()
    for number in range(8, 16):
        put(rig, secret_line(number))
    assert bodies(rig) == [secret_line(number) for number in range(16)]
    rig.settings = Settings("none", Keys(NEW))
    with pytest.raises(StateError, match=f"encrypted with the key {OLD.number:08x}"):
        rig.reopen()
    rig.settings = Settings("none", Keys(NEW, [OLD]))
    rig.open()
    bodies(rig)
    rig.consumer().advance(Cursor(18, delivered=18)).result(PATIENCE)
    rig.settings = Settings("none", Keys(NEW))
    rig.reopen()
    assert bodies(rig) == [secret_line(number) for number in range(9, 16)]


def test_what_is_copied_at_a_start_is_encrypted_with_the_new_key(rig: Rig) -> None:
    steps = [Keys(), Keys(OLD), Keys(NEW, [OLD]), Keys(None, [NEW, OLD])]
    for number, keys in enumerate(steps):
        rig.settings = Settings("zstd" if number % 2 else "none", keys)
        rig.open(A)
        put(rig, secret_line(number))
        assert bodies(rig) == [secret_line(n) for n in range(number + 1)]
        held = rig.journal.stats()["a"].held_bytes
        assert round(rig.consumer().fullness * A.size) == held
        rig.killed()
    rig.open()
    rig.consumer().advance(Cursor(8, delivered=8)).result(PATIENCE)
    assert rig.journal.stats()["a"].held_bytes == 0
    rig.settings = Settings()
    rig.reopen()


def test_a_wrong_or_missing_key_is_told_before_anything_is_touched(rig: Rig) -> None:
    rig.settings = PACKED
    rig.open(A)
    put(rig, secret_line(1))
    rig.killed()
    assert isinstance(rig.disk, CrashDisk)
    for keys in (Keys(), Keys(OLD)):
        rig.settings = Settings("none", keys)
        before = rig.disk.operations
        with pytest.raises(StateError, match=f"the key {NEW.number:08x}, which is not given"):
            rig.open()
        assert {what.split()[0] for what in rig.disk.log[before:] if "lock" not in what} <= {"sync"}


def test_a_short_secret_is_no_key() -> None:
    with pytest.raises(StateError, match="openssl rand -hex 32"):
        Key("password")


def test_without_ciphers_there_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(StateError, match="needs the package cryptography on this host"):
        Key("a secret of more than thirty-two letters")


def test_a_flipped_bit_is_damage_and_so_is_a_body_of_another_row(rig: Rig) -> None:
    rig.settings = Settings("none", Keys(NEW))
    rig.open(A)
    for number in range(12):
        put(rig, secret_line(number))
    first = next(name for name in rig.disk.names(rig.directory) if name.endswith(".seg"))
    assert isinstance(rig.disk, CrashDisk)
    bodies(rig)
    sealed = NEW.seal(memoryview(secret_line(0)), rig.journal.epoch, 0)
    offset = rig.disk.content(rig.directory / first).index(sealed)
    rig.disk.corrupt(rig.directory / first, offset + 100)
    rig.consumer().seek(0)
    with pytest.raises(JournalDamaged, match="rows 0 to 1"):
        bodies(rig)
    opened = Keys(NEW).opened(NEW.number, rig.journal.epoch, 2)
    with pytest.raises(ValueError, match="does not belong to its row"):
        unpack(pa.py_buffer(sealed), 0x80, 4200, opened)


@pytest.mark.parametrize(
    ("survival", "cuts"),
    [
        (NOTHING, slice(0, None, 4)),
        (EVERYTHING, slice(2, None, 4)),
        *(
            pytest.param(survival, slice(None), marks=pytest.mark.slow)
            for survival in (NOTHING, EVERYTHING, Survival(0.5, 1.0, torn=True))
        ),
    ],
    ids=["nothing, one in 4", "everything, one in 4", "nothing", "everything", "torn"],
)
def test_the_power_goes_at_every_operation(
    new_rig: Callable[[Disk], Rig], survival: Survival, cuts: slice
) -> None:
    def script(rig: Rig, stored: list[bytes]) -> None:
        for keys in (Keys(OLD), Keys(NEW, [OLD])):
            rig.settings = Settings("zstd", keys)
            journal = rig.open(A)
            for _ in range(3):
                put(rig, secret_line(len(stored)))
                stored.append(secret_line(len(stored)))
            journal.close()

    whole = new_rig(CrashDisk())
    script(whole, [])
    assert isinstance(whole.disk, CrashDisk)
    for cut in range(1, whole.disk.operations + 1)[cuts]:
        disk, stored = CrashDisk(), list[bytes]()
        rig = new_rig(disk)
        disk.cut_at = disk.operations + cut
        with suppress(PowerCut, JournalFailed):
            script(rig, stored)
        rig.disk = disk.reboot(survival)
        rig.settings = Settings("none", Keys(NEW, [OLD]))
        journal: Journal = rig.open(A)
        found = bodies(rig)
        assert found in (stored, [*stored, secret_line(len(stored))])
        journal.close()
