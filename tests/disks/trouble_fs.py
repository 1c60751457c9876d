"""A file system that is in trouble when told so: it passes everything on to a folder, by FUSE.

    python trouble_fs.py FOLDER MOUNT TROUBLE

`TROUBLE` is a folder in which a file says what goes wrong from now on: `read`, `write` and `sync`
fail with EIO, `slow` has every sync, `crawl` every read of at most 128 KiB, take as many seconds as
stand in it. It speaks with the kernel by /dev/fuse itself, so that nothing needs to be installed;
whoever mounts must be the superuser.
"""

# ruff: noqa: PTH101, PTH102, PTH104, PTH106, PTH108, PTH208 the kernel asks for system calls

import ctypes
import errno
import os
import stat
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

Answer = bytes | None
_HEAD, _REPLY = struct.Struct("<IIQQIIIHH"), struct.Struct("<IiQ")
_ENTRY, _ATTR = struct.Struct("<QQQQII"), struct.Struct("<QQQQQQIIIIIIIIII")
_FOREVER_FORGOTTEN = (2, 42, 36)  # FORGET, BATCH_FORGET and INTERRUPT have no answer
_LARGEST = 128 << 10
_PAST_THE_CACHE = 1
_SIZE, _MODE, _OWNER, _GROUP, _OPEN = 8, 1, 2, 4, 64


class Trouble:
    """What goes wrong now."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def meet(self, verb: str) -> None:
        """Fail, or wait, as it is told to."""
        if (self._folder / verb).exists():
            raise OSError(errno.EIO, verb)
        if verb == "read" and (self._folder / "crawl").exists():
            time.sleep(float((self._folder / "crawl").read_text()))
        if verb == "sync" and (self._folder / "slow").exists():
            time.sleep(float((self._folder / "slow").read_text()))


class TroubleFs:
    """The folder as the kernel asks for it: nodes have numbers, open files have handles."""

    def __init__(self, folder: str, trouble: Trouble) -> None:
        self._paths = {1: folder}
        self._numbers = {folder: 1}
        self._next = 2
        self._trouble = trouble
        self._lists: dict[int, list[bytes]] = {}

    def lookup(self, node: int, data: bytes) -> Answer:
        return self._entry(self._under(node, data[:-1]))

    def getattr(self, node: int, data: bytes) -> Answer:
        flags, _, handle = struct.unpack_from("<IIQ", data)
        found = os.fstat(handle) if flags & 1 else os.lstat(self._paths[node])
        return struct.pack("<QII", 0, 0, 0) + _attributes(found)

    def setattr(self, node: int, data: bytes) -> Answer:
        valid, _, handle, size = struct.unpack_from("<IIQQ", data)
        mode, _, owner, group = struct.unpack_from("<IIII", data, 68)
        path = self._paths[node]
        if valid & _SIZE:
            self._trouble.meet("write")
            os.truncate(handle if valid & _OPEN else path, size)
        if valid & _MODE:
            os.chmod(path, mode)
        if valid & (_OWNER | _GROUP):
            os.chown(path, owner if valid & _OWNER else -1, group if valid & _GROUP else -1)
        return self.getattr(node, struct.pack("<IIQ", bool(valid & _OPEN), 0, handle))

    def mknod(self, node: int, data: bytes) -> Answer:
        (mode,) = struct.unpack_from("<I", data)
        path = self._under(node, data[16:-1])
        os.mknod(path, mode)
        return self._entry(path)

    def mkdir(self, node: int, data: bytes) -> Answer:
        (mode,) = struct.unpack_from("<I", data)
        path = self._under(node, data[8:-1])
        os.mkdir(path, mode)
        return self._entry(path)

    def unlink(self, node: int, data: bytes) -> Answer:
        path = self._under(node, data[:-1])
        os.unlink(path)
        self._numbers.pop(path, None)
        return b""

    def rmdir(self, node: int, data: bytes) -> Answer:
        path = self._under(node, data[:-1])
        os.rmdir(path)
        self._numbers.pop(path, None)
        return b""

    def rename(self, node: int, data: bytes, at: int = 8) -> Answer:
        (there,) = struct.unpack_from("<Q", data)
        before, after, _ = data[at:].split(b"\0")
        old, new = self._under(node, before), self._under(there, after)
        self._trouble.meet("write")
        os.rename(old, new)
        self._numbers.pop(new, None)
        for path in [p for p in self._numbers if p == old or p.startswith(f"{old}/")]:
            moved = new + path[len(old) :]
            self._numbers[moved] = self._numbers.pop(path)
            self._paths[self._numbers[moved]] = moved
        return b""

    def rename2(self, node: int, data: bytes) -> Answer:
        return self.rename(node, data, 16)

    def open(self, node: int, data: bytes) -> Answer:
        (flags,) = struct.unpack_from("<I", data)
        return _opened(os.open(self._paths[node], flags & ~os.O_CREAT))

    def create(self, node: int, data: bytes) -> Answer:
        flags, mode = struct.unpack_from("<II", data)
        path = self._under(node, data[16:-1])
        self._trouble.meet("write")
        handle = os.open(path, flags | os.O_CREAT, mode)
        return self._entry(path) + _opened(handle)

    def read(self, node: int, data: bytes) -> Answer:
        handle, offset, size = struct.unpack_from("<QQI", data)
        self._trouble.meet("read")
        return os.pread(handle, size, offset)

    def write(self, node: int, data: bytes) -> Answer:
        handle, offset, size = struct.unpack_from("<QQI", data)
        self._trouble.meet("write")
        return struct.pack("<II", os.pwrite(handle, data[40 : 40 + size], offset), 0)

    def statfs(self, node: int, data: bytes) -> Answer:
        found = os.statvfs(self._paths[1])
        return struct.pack(
            "<QQQQQIIII24x", found.f_blocks, found.f_bfree, found.f_bavail, found.f_files,
            found.f_ffree, found.f_bsize, found.f_namemax, found.f_frsize, 0,
        )  # fmt: skip

    def release(self, node: int, data: bytes) -> Answer:
        os.close(struct.unpack_from("<Q", data)[0])
        return b""

    def fsync(self, node: int, data: bytes) -> Answer:
        self._trouble.meet("sync")
        os.fdatasync(struct.unpack_from("<Q", data)[0])
        return b""

    def opendir(self, node: int, data: bytes) -> Answer:
        handle = os.open(self._paths[node], os.O_RDONLY)
        self._lists[handle] = [os.fsencode(name) for name in sorted(os.listdir(handle))]
        return struct.pack("<QII", handle, 0, 0)

    def readdir(self, node: int, data: bytes) -> Answer:
        handle, offset, size = struct.unpack_from("<QQI", data)
        out = b""
        for place, name in enumerate(self._lists[handle][offset:], offset + 1):
            entry = struct.pack("<QQII", 1, place, len(name), 0) + name
            entry += bytes(-len(entry) % 8)
            if len(out) + len(entry) > size:
                break
            out += entry
        return out

    def releasedir(self, node: int, data: bytes) -> Answer:
        del self._lists[struct.unpack_from("<Q", data)[0]]
        return self.release(node, data)

    def fallocate(self, node: int, data: bytes) -> Answer:
        handle, offset, length, mode = struct.unpack_from("<QQQI", data)
        self._trouble.meet("write")
        if mode:
            raise OSError(errno.EOPNOTSUPP, "holes")
        os.posix_fallocate(handle, offset, length)
        return b""

    def flush(self, node: int, data: bytes) -> Answer:
        return b""

    def init(self, node: int, data: bytes) -> Answer:
        major, _, ahead = struct.unpack_from("<III", data)
        return struct.pack("<IIIIHHIIHHI28x", major, 31, ahead, 0, 12, 10, _LARGEST, 1, 0, 0, 0)

    def _under(self, node: int, name: bytes) -> str:
        return f"{self._paths[node]}/{os.fsdecode(name)}"

    def _entry(self, path: str) -> bytes:
        found = os.lstat(path)
        number = self._numbers.get(path)
        if number is None:
            number = self._numbers[path] = self._next
            self._paths[number] = path
            self._next += 1
        return _ENTRY.pack(number, 0, 0, 0, 0, 0) + _attributes(found)


def _opened(handle: int) -> bytes:
    return struct.pack("<QII", handle, _PAST_THE_CACHE, 0)


def _attributes(found: os.stat_result) -> bytes:
    times = (found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns)
    return _ATTR.pack(
        found.st_ino, found.st_size, found.st_blocks, *(ns // 10**9 for ns in times),
        *(ns % 10**9 for ns in times), found.st_mode, found.st_nlink, found.st_uid, found.st_gid,
        0, 4096, 0,
    )  # fmt: skip


_VERBS = {
    1: "lookup", 3: "getattr", 4: "setattr", 8: "mknod", 9: "mkdir", 10: "unlink", 11: "rmdir",
    12: "rename", 14: "open", 15: "read", 16: "write", 17: "statfs", 18: "release", 20: "fsync",
    25: "flush", 26: "init", 27: "opendir", 28: "readdir", 29: "releasedir", 30: "fsync",
    35: "create", 43: "fallocate", 45: "rename2",
}  # fmt: skip


def serve(device: int, files: TroubleFs) -> None:
    """Answer the kernel until the file system is unmounted; a sync keeps nobody else waiting."""
    while True:
        try:
            request = os.read(device, _LARGEST + 8192)
        except OSError as error:
            if error.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                continue
            return
        _, opcode, unique, node, *_ = _HEAD.unpack_from(request)
        if opcode in _FOREVER_FORGOTTEN:
            continue
        verb = _VERBS.get(opcode)
        work = None if verb is None else getattr(files, verb)
        order = (device, unique, work, node, request[_HEAD.size :])
        if verb == "fsync":
            threading.Thread(target=_answer, args=order, daemon=True).start()
        else:
            _answer(*order)


def _answer(
    device: int, unique: int, work: Callable[[int, bytes], Answer] | None, node: int, data: bytes
) -> None:
    code, out = errno.ENOSYS, b""
    if work is not None:
        try:
            code, out = 0, work(node, data) or b""
        except OSError as error:
            code = error.errno or errno.EIO
    os.write(device, _REPLY.pack(_REPLY.size + len(out), -code, unique) + out)


def main(folder: str, mount: str, trouble: str) -> None:
    """Mount, say so, and serve."""
    os.umask(0)
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode={stat.S_IFDIR:o},user_id=0,group_id=0,allow_other"
    library = ctypes.CDLL(None, use_errno=True)
    if library.mount(b"trouble", mount.encode(), b"fuse", 0, options.encode()):
        sys.exit(f"cannot mount: {os.strerror(ctypes.get_errno())}")
    print("mounted", flush=True)
    serve(device, TroubleFs(folder, Trouble(Path(trouble))))


if __name__ == "__main__":
    main(*sys.argv[1:])
