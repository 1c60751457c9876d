"""What is known of a set of hosts: in a file, so that each command and a crash find it again."""

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
from fleet.hosts.processes import HostsError, Process


class Bind(msgspec.Struct):
    """What of the machine all hosts see: `SOURCE[:TARGET][:rw]`, read-only unless it says `rw`."""

    mode: str
    source: str
    target: str

    @classmethod
    def parse(cls, text: str) -> "Bind":
        """Return what the text says, or refuse a source that isn't there."""
        mode = "rw" if text.endswith(":rw") else "ro"
        source, _, target = text.removesuffix(":rw").partition(":")
        if not Path(source).exists():
            raise HostsError(f"bind {text}: there is no {source}")
        return cls(mode, os.path.realpath(source), target or str(Path(source).absolute()))

    def __str__(self) -> str:
        return f"{self.mode}\t{self.source}\t{self.target}"


class Host(msgspec.Struct):
    """One host of the set."""

    index: int
    address: str
    init: Process | None = None
    """Its PID 1, as the machine numbers it; none while its power is off."""
    boot: str = ""
    boot_seconds: float = 0.0

    @property
    def mac(self) -> str:
        """Its hardware address, which all others know for good."""
        return f"02:00:00:00:{self.index >> 8:02x}:{self.index & 255:02x}"

    @property
    def up(self) -> bool:
        return self.init is not None and self.init.alive


Cut = tuple[str, str | None]
"""Who is not heard by whom; by none, where a cable is out."""


class State(msgspec.Struct):
    """The whole set."""

    subnet: str
    hosts: dict[str, Host] = {}
    cuts: list[Cut] = []
    binds: list[Bind] = []
    small: dict[str, int] = {}
    """MiB of a host's /var/lib, where that is a file system of its own, which can be filled."""
    cgroups: list[str] = []
    watch: Process | None = None


class Shelf:
    """Where a set's state and disks are, by its label."""

    def __init__(self, label: str) -> None:
        if not re.fullmatch(r"[a-z0-9]{1,8}", label):
            raise HostsError(f"label {label!r}: 1 to 8 of a-z and 0-9")
        self.label = label
        self.folder = Path(os.environ.get("HOSTS_BASE") or "/tmp") / f"hosts-{label}"
        self._file = self.folder / "state.json"
        self._lock = self.folder.with_suffix(".lock")
        self._state: State | None = None

    @property
    def state(self) -> State:
        """What is known, or a refusal where no hosts are up."""
        if self._state is None and not self.load():
            raise HostsError(f"no hosts are up with label {self.label!r}")
        assert self._state is not None
        return self._state

    def load(self) -> bool:
        """Read the file; return whether there is one."""
        try:
            self._state = msgspec.json.decode(self._file.read_bytes(), type=State)
        except FileNotFoundError:
            self._state = None
        return self._state is not None

    def save(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(self.state)))
        fresh.replace(self._file)

    def begin(self, subnet: str) -> None:
        """Make the folder of a new set."""
        self.folder.mkdir(mode=0o700, parents=True)
        self._state = State(subnet)
        self.save()

    def forget(self) -> None:
        """Say that the set is no more; its folder is gone already."""
        self._state = None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Have the set alone; what is known is written at the end."""
        with self._held_lock():
            self.load()
            try:
                yield
            finally:
                if self._state is None:
                    self._lock.unlink(missing_ok=True)
                elif self.folder.is_dir():
                    self.save()

    @contextlib.contextmanager
    def _held_lock(self) -> Iterator[None]:
        while True:
            with self._lock.open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                with contextlib.suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(lock.fileno()), self._lock.stat()):
                        yield
                        return  # else its last holder removed it: take the new one
