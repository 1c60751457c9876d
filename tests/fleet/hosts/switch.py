"""The network of a set of hosts: a switch in a namespace of its own, cables, and what is cut."""

import contextlib
import ipaddress
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from fleet.hosts.processes import run
from fleet.hosts.state import Cut, Host

_NAMESPACES = Path("/run/netns")


class Switch:
    """A bridge that all hosts hang on; the machine's own network isn't touched."""

    def __init__(self, name: str) -> None:
        self.name = name

    def namespace(self, host: str) -> str:
        """Return the name of a host's network namespace."""
        return f"{self.name}-{host}"

    def make(self, subnet: str) -> None:
        """Make the bridge, with an address, and a drain for the packets of those cut off."""
        net = ipaddress.ip_network(subnet)
        run("ip", "netns", "add", self.name)
        self._link("add", "br0", "type", "bridge", "stp_state", "0")
        run("ip", "-n", self.name, "addr", "add", f"{net[-2]}/{net.prefixlen}", "dev", "br0")
        self._link("set", "br0", "up")
        self._link("add", "sink0", "type", "veth", "peer", "name", "sink1")
        self._link("set", "sink0", "up")
        self._link("set", "sink1", "up")

    def remove(self) -> None:
        if (_NAMESPACES / self.name).exists():
            run("ip", "netns", "del", self.name)
        with contextlib.suppress(OSError):  # `ip netns` leaves an empty mount
            if not any(_NAMESPACES.iterdir()):
                run("umount", _NAMESPACES, check=False)
                _NAMESPACES.rmdir()

    def plug(self, name: str, hosts: Mapping[str, Host], subnet: str) -> None:
        """Give a host its namespace and its cable.

        All know each other's hardware address for good: without ARP a cut is silence from beginning
        to end, and not "no route to host" once ARP has given up.
        """
        host, space, port = hosts[name], self.namespace(name), f"p-{name}"
        length = ipaddress.ip_network(subnet).prefixlen
        self.unplug(name)
        run("ip", "netns", "add", space)
        run("ip", "-n", space, "link", "set", "lo", "up")
        peer = ("peer", "name", "eth0", "address", host.mac, "netns", space)
        self._link("add", port, "type", "veth", *peer)
        self._link("set", port, "master", "br0")
        run("tc", "-n", self.name, "qdisc", "add", "dev", port, "clsact")
        run("ip", "-n", space, "addr", "add", f"{host.address}/{length}", "dev", "eth0")
        run("ip", "-n", space, "link", "set", "eth0", "up")
        run("ip", "-n", space, "route", "add", "224.0.0.0/4", "dev", "eth0")  # multicast
        for other, its in hosts.items():
            for at, to in ((name, its), (other, host)) if other != name else ():
                neighbour = (to.address, "lladdr", to.mac, "dev", "eth0", "nud", "permanent")
                replace = ("neigh", "replace", *neighbour)
                run("ip", "-n", self.namespace(at), *replace, check=False)  # it may be down

    def unplug(self, name: str) -> None:
        self._link("del", f"p-{name}", check=False)
        if (_NAMESPACES / self.namespace(name)).exists():
            run("ip", "netns", "del", self.namespace(name))

    def cut(self, hosts: Mapping[str, Host], cuts: Sequence[Cut]) -> None:
        """Make the ports agree with what is cut, touching only those that differ."""
        for name in hosts:
            port = f"p-{name}"
            shown = self._filter("show", port, check=False)
            if shown is None:
                continue  # that host is down, it has no port
            have = {int(number) for number in re.findall(r"\bpref (\d+)", shown)}
            want = {hosts[who].index: who for who, whom in cuts if whom == name}
            for number in want.keys() - have:
                # Down the drain with what that one sends, broadcasts too: a kernel may lack tc's
                # "drop", and the machine the tool of nftables.
                mac = hosts[want[number]].mac
                match = ("protocol", "all", "u32", "match", "ether", "src", mac)
                drain = ("action", "mirred", "egress", "redirect", "dev", "sink0")
                self._filter("add", port, "pref", str(number), *match, *drain)
            for number in have - want.keys():
                self._filter("del", port, "pref", str(number))
            self._link("set", port, "down" if (name, None) in cuts else "up")

    def _link(self, *what: str, check: bool = True) -> None:
        run("ip", "-n", self.name, "link", *what, check=check)

    def _filter(self, verb: str, port: str, *what: str, check: bool = True) -> str | None:
        tc = ("tc", "-n", self.name, "filter", verb, "dev", port, "egress", *what)
        done = run(*tc, check=check)
        return None if done.returncode else done.stdout
