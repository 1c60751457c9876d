"""Several real systemd hosts on one machine, by hand: `PYTHONPATH=tests python -m fleet.hosts`.

up NAME… [--bind SRC[:DST][:rw]]   hosts that know each other by name, 10.99.0.1 and so on
exec NAME -- COMMAND…              as root, beside its services
copy FILE NAME:FOLDER              a file or a tree
cut A [B] [--one-way], heal [A [B]]
stop NAME [--kill], start NAME, reboot NAME [--kill]
status, down
"""

import argparse
import os
import sys
from pathlib import Path

from fleet.hosts.hosts import Hosts
from fleet.hosts.processes import HostsError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hosts", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--label", default=os.environ.get("HOSTS_LABEL", "t"))
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    up = verbs.add_parser("up")
    up.add_argument("names", nargs="+")
    up.add_argument("--bind", action="append", default=[])
    up.add_argument("--ttl", type=float, default=3600, help="seconds until all is taken down")
    for verb in ("status", "down"):
        verbs.add_parser(verb)
    for verb in ("exec", "start"):
        verbs.add_parser(verb).add_argument("name")
    for verb in ("stop", "reboot"):
        one = verbs.add_parser(verb)
        one.add_argument("name")
        one.add_argument("--kill", action="store_true", help="as by a power cut")
    for verb in ("cut", "heal"):
        pair = verbs.add_parser(verb)
        pair.add_argument("a", nargs="?" if verb == "heal" else None)
        pair.add_argument("b", nargs="?")
        if verb == "cut":
            pair.add_argument("--one-way", action="store_true", help="only what A sends to B")
    copy = verbs.add_parser("copy")
    copy.add_argument("source", type=Path)
    copy.add_argument("target")
    watch = verbs.add_parser("watch", help=argparse.SUPPRESS)
    watch.add_argument("ttl", type=float)
    watch.add_argument("owner", type=int, nargs="?")
    return parser


def main() -> int:
    """Do what the command line says; return the exit code."""
    ours, rest = sys.argv[1:], []
    if "--" in ours:
        at = ours.index("--")
        ours, rest = ours[:at], ours[at + 1 :]
    given = _parser().parse_args(ours)
    hosts = Hosts(given.label)
    match given.verb:
        case "up":
            hosts.up(given.names, binds=given.bind, ttl=given.ttl)
            _show(hosts)
        case "status":
            _show(hosts)
        case "down":
            hosts.down()
        case "exec":
            return int(hosts.exec(given.name, rest, timeout=86_400, stdin=None).returncode)
        case "start":
            hosts.start(given.name)
        case "stop" | "reboot":
            getattr(hosts, given.verb)(given.name, kill=given.kill)
        case "cut":
            hosts.cut(given.a, given.b, one_way=given.one_way)
        case "heal":
            hosts.heal(given.a, given.b)
        case "copy":
            hosts.copy(given.source.absolute(), *given.target.split(":", 1))
        case "watch":
            hosts.watch(given.ttl, given.owner)
    return 0


def _show(hosts: Hosts) -> None:
    for name, host in hosts.known.items():
        cut = " ".join(f"cut:{a}>{b}" if b else f"cut:{a}" for a, b in hosts.cuts if name in (a, b))
        up = f"up, pid {host.init.pid}" if host.up and host.init else "down"
        print(
            f"{name:8} {host.address:12} {up}, {host.boot} in {host.boot_seconds} s {cut}".strip()
        )


if __name__ == "__main__":
    try:
        sys.exit(main())
    except HostsError as problem:
        print(f"hosts: {problem}", file=sys.stderr)
        sys.exit(1)
