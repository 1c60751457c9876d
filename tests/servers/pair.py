"""An HDFS with two NameNodes, one active and one a standby, that share a folder of edits."""

import shutil
from contextlib import suppress
from pathlib import Path

import requests
from servers.hadoop import NAMENODE, Hadoop
from servers.machine import free_ports, until

_IDS = ("nn1", "nn2")


class Pair(Hadoop):
    """An HDFS whose active NameNode is chosen by the test, as without ZooKeeper by its operator."""

    def __init__(self, folder: Path) -> None:
        self._standby_rpc, self._standby_http = free_ports(2)
        super().__init__(folder)
        ours = f"http://127.0.0.1:{self._standby_http}"
        self.addresses = (self.address, ours)
        self._by_id = dict(zip(_IDS, self.addresses, strict=True))
        self.namenode = self._machine(NAMENODE, "namenode", *self._own("nn1"))
        self.standby = self._machine(NAMENODE, "standby", *self._own("nn2"))

    def start(self) -> None:
        self._run(NAMENODE, *self._own("nn1"), "-format", "-nonInteractive")
        shutil.copytree(self.folder / "nn1", self.folder / "nn2")
        self.namenode.start()
        self.standby.start()
        self.datanode.start()
        for machine, address in zip((self.namenode, self.standby), self.addresses, strict=True):
            until(lambda address=address: _is_up(address), 120, machine.last_words)
        self.activate("nn1")

    def stop(self) -> None:
        self.standby.kill()
        super().stop()

    def no_active(self) -> None:
        """Have two standbys."""
        for one in _IDS:
            self._admin("-transitionToStandby", one)

    def activate(self, one: str) -> None:
        """Make one NameNode the active one, and wait until it takes files."""
        for other in _IDS:
            if other != one:
                self._admin("-transitionToStandby", other)
        self._admin("-transitionToActive", one)
        self.address = self._by_id[one]
        until(self._takes_files, 120, self.datanode.last_words)

    def _admin(self, *arguments: str) -> None:
        self._run("org.apache.hadoop.hdfs.tools.DFSHAAdmin", *arguments)

    def _own(self, one: str) -> tuple[str, str]:
        name = f"-Ddfs.namenode.name.dir=file://{self.folder / one}"
        return f"-Ddfs.ha.namenode.id={one}", name

    def _site(self, http: int) -> dict[str, str]:
        ports = {"nn1": (self._rpc, http), "nn2": (self._standby_rpc, self._standby_http)}
        addresses = {
            f"dfs.namenode.{kind}-address.lake.{one}": f"127.0.0.1:{port}"
            for one, pair in ports.items()
            for kind, port in zip(("rpc", "http"), pair, strict=True)
        }
        proxy = "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider"
        return addresses | {
            "dfs.nameservices": "lake",
            "dfs.ha.namenodes.lake": ",".join(_IDS),
            "dfs.client.failover.proxy.provider.lake": proxy,
            "dfs.namenode.shared.edits.dir": f"file://{self.folder / 'shared'}",
            "dfs.ha.fencing.methods": "shell(/bin/true)",
            "dfs.ha.tail-edits.period": "1s",
            "dfs.ha.nn.not-become-active-in-safemode": "false",
        }

    def _file_system(self) -> str:
        return "hdfs://lake"


def _is_up(address: str) -> bool:
    """Whether a NameNode answers, be it that it is a standby."""
    with suppress(requests.RequestException):
        look = {"op": "GETFILESTATUS", "user.name": "root"}
        return requests.get(f"{address}/webhdfs/v1/", params=look, timeout=10).status_code < 500
    return False
