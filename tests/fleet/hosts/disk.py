"""A host's disk: a folder with the machine's Debian under it, and nothing that was set up there."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from fleet.hosts.processes import run

ETC = """alternatives bash.bashrc ca-certificates ca-certificates.conf dbus-1 debian_version
gai.conf group gshadow host.conf ld.so.cache ld.so.conf ld.so.conf.d localtime locale.alias
login.defs mime.types os-release pam.conf pam.d passwd profile protocols python3 python3.11 rpc
security services shadow shells ssl terminfo timezone""".split()  # noqa: SIM905 it is read, not written
"""What a host has of the machine's /etc; no more, so that a test shows what a bundle brings."""

_MASKED = """dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount
sys-kernel-config.mount sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount
proc-sys-fs-binfmt_misc.mount systemd-binfmt.service systemd-modules-load.service
kmod-static-nodes.service modprobe@.service systemd-udevd.service systemd-udev-trigger.service
systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-journald-audit.socket
systemd-remount-fs.service systemd-pstore.service systemd-random-seed.service
systemd-timesyncd.service systemd-firstboot.service systemd-ask-password-console.path
systemd-ask-password-wall.path systemd-initctl.socket systemd-logind.service
dbus-org.freedesktop.login1.service getty.target getty-static.service console-getty.service
systemd-repart.service systemd-pcrphase.service systemd-pcrphase-sysinit.service
systemd-machine-id-commit.service""".split()  # noqa: SIM905 it is read, not written
"""Units of Debian that reach for the machine's kernel, make no sense here or only cost time."""

_FOLDERS = """root/proc root/usr root/sys root/dev root/run root/tmp root/mnt root/media root/srv
root/opt root/boot root/home root/etc/systemd/system root/etc/systemd/system-generators
root/etc/systemd/journald.conf.d root/var/lib root/var/log root/var/cache root/var/spool
usr wrk local/bin local/sbin local/lib local/etc local/share""".split()  # noqa: SIM905 it is read, not written

_NSSWITCH = """passwd: files systemd
group: files systemd
shadow: files systemd
gshadow: files systemd
hosts: files
networks: files
protocols: files
services: files
"""
_JOURNALD = """[Journal]
Storage=persistent
SystemMaxUse=64M
Audit=no
ReadKMsg=no
"""


def make_disk(folder: Path, name: str) -> None:
    """Make what a host boots from: `root`, its layer over /usr, and an empty /usr/local."""
    root = folder / "root"
    for each in _FOLDERS:
        (folder / each).mkdir(mode=0o755, parents=True)
    (root / "root").mkdir(0o700)
    (root / "var/tmp").mkdir()
    (root / "var/tmp").chmod(0o1777)
    (root / "var/run").symlink_to("/run")
    (root / "var/lock").symlink_to("/run/lock")
    for link in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        if (machines := Path("/") / link).is_symlink():  # merged /usr, as Debian 12 has it
            (root / link).symlink_to(machines.readlink())
    _make_etc(root / "etc", name)


def _make_etc(etc: Path, name: str) -> None:
    machines = Path("/etc")
    ours = [each for each in ETC if (machines / each).exists()]
    ours += [each.name for each in machines.glob("java-*")]
    run("cp", "-a", "-t", etc, *(machines / each for each in ours))
    (etc / "mtab").symlink_to("/proc/self/mounts")
    (etc / "nsswitch.conf").write_text(_NSSWITCH)
    number = Path("/proc/sys/kernel/random/uuid").read_text()
    (etc / "machine-id").write_text(number.replace("-", ""))
    (etc / "fstab").touch()
    (etc / "resolv.conf").touch()
    (etc / "systemd/journald.conf.d/hosts.conf").write_text(_JOURNALD)
    (etc / "hostname").write_text(f"{name}\n")
    units = etc / "systemd/system"
    (units / "default.target").symlink_to("/lib/systemd/system/multi-user.target")
    for unit in _MASKED:
        (units / unit).symlink_to("/dev/null")
    for generator in Path("/lib/systemd/system-generators").iterdir():
        (etc / "systemd/system-generators" / generator.name).symlink_to("/dev/null")


def write_names(folder: Path, addresses: Mapping[str, str]) -> None:
    """Tell a host the addresses of all."""
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost"]
    lines += [f"{address} {name}" for name, address in addresses.items()]
    (folder / "root/etc/hosts").write_text("\n".join(lines) + "\n")


def mount_small(folder: Path, where: str, megabytes: int) -> None:
    """Make a folder of a host a file system of its own, once, and mount it where it isn't.

    By the machine, so that it stays when the host's power is off, as what it has not written yet.
    """
    image, target = folder / f"{where.replace('/', '-')}.img", folder / "root" / where
    if not image.exists():
        with image.open("wb") as file:
            file.truncate(megabytes << 20)
        run("mkfs.ext4", "-q", "-F", "-m", "0", image)
    if not target.is_mount():
        run("mount", "-o", "loop", image, target)


def unmount_small(folder: Path, where: str) -> None:
    target = folder / "root" / where
    if target.is_mount():
        run("umount", target)


def remove_disks(folder: Path) -> None:
    """Remove all of a set; only a folder that is one."""
    assert re.fullmatch(r"hosts-[a-z0-9]{1,8}", folder.name), folder
    shutil.rmtree(folder)
