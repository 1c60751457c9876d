"""A real HDFS for tests: a NameNode and a DataNode of Hadoop, on free ports of 127.0.0.1."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import requests
from hdfs import InsecureClient
from hdfs.util import HdfsError
from servers.jars import jars, java
from servers.machine import Machine, free_ports, until

_FLAGS = (
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",  # for the JAXB that its REST server brings
    "-Djava.net.preferIPv4Stack=true",
)
_LOG4J = """log4j.rootLogger=INFO,A
log4j.appender.A=org.apache.log4j.ConsoleAppender
log4j.appender.A.target=System.err
log4j.appender.A.layout=org.apache.log4j.PatternLayout
log4j.appender.A.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n
"""
_SERVER = "org.apache.hadoop.hdfs.server"
NAMENODE = f"{_SERVER}.namenode.NameNode"
BLOCK = 1 << 20


class Hadoop:
    """One HDFS with a replication of 1, and blocks of 1 MiB so that small files have several.

    The super-user is `root`, whoever runs the tests.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self._java = java()
        self._jars = jars("hadoop")
        self._rpc, http, *data = free_ports(5)
        self.port = http
        self.address = f"http://127.0.0.1:{http}"
        self.addresses = (self.address,)
        self._configure(http, *data)
        self.namenode = self._machine(NAMENODE, "namenode")
        self.datanode = self._machine(f"{_SERVER}.datanode.DataNode", "datanode")

    def start(self) -> None:
        """Format it, start it, and wait until it takes files."""
        self._run(NAMENODE, "-format", "-nonInteractive")
        self.heal()

    def stop(self) -> None:
        """Kill it, and remove its data."""
        self.datanode.kill()
        self.namenode.kill()
        shutil.rmtree(self.folder)

    def heal(self) -> None:
        """Start what is down, thaw what is frozen, leave safe mode, and wait until all is well."""
        for machine in (self.namenode, self.datanode):
            machine.thaw()
            machine.start()
        until(self._answers, 120, self.namenode.last_words)
        if self._state("NameNodeInfo", "Safemode"):
            with suppress(TimeoutError):
                until(lambda: not self._state("NameNodeInfo", "Safemode"), 20, str)
            if self._state("NameNodeInfo", "Safemode"):
                self.safe_mode(on=False)
        until(self._takes_files, 120, self.datanode.last_words)

    def kill_namenode(self) -> None:
        self.namenode.kill()

    def start_namenode(self) -> None:
        """Start it again on what it has on disk; it leaves safe mode once its blocks are there."""
        self.namenode.start()

    def kill_datanode(self) -> None:
        self.datanode.kill()

    def start_datanode(self) -> None:
        self.datanode.start()

    def safe_mode(self, *, on: bool) -> None:
        """Have the NameNode refuse all changes, or no longer."""
        self._run("org.apache.hadoop.hdfs.tools.DFSAdmin", "-safemode", "enter" if on else "leave")

    def quota(self, path: str, *, names: int = -1, size: int = -1) -> None:
        """Bound what is below a folder; -1 is no bound."""
        bounds = {"namespacequota": names, "storagespacequota": size}
        url = f"{self.address}/webhdfs/v1{path}"
        who = {"op": "SETQUOTA", "user.name": "root"}
        answer = requests.put(url, params=who | bounds, timeout=20)
        assert answer.ok, answer.text

    def client(self, user: str = "root", address: str | None = None) -> InsecureClient:
        """Return an independent client to look with."""
        return InsecureClient(address or self.address, user=user, timeout=(5, 30))

    def make(self, path: str, *, owner: str | None = None) -> str:
        """Make a folder, and return its path."""
        client = self.client()
        client.makedirs(path)
        if owner:
            client.set_owner(path, owner=owner)
        return path

    def published(self, directory: str) -> dict[str, bytes]:
        """Return what lies below a directory for all to see, by relative path."""
        return {path: content for path, content in self.files(directory) if ".flumec/" not in path}

    def hidden(self, directory: str) -> list[str]:
        """Return the hidden files below a directory, by relative path."""
        client, base = self.client(), f"{directory}/.flumec"
        with suppress(HdfsError):
            return sorted(
                f"{folder}/{name}".removeprefix(f"{directory}/")
                for folder, _, names in client.walk(base)
                for name in names
            )
        return []

    def files(self, directory: str) -> Iterator[tuple[str, bytes]]:
        """Yield all files below a directory with their content."""
        client = self.client()
        for folder, _, names in client.walk(directory):
            for name in names:
                with client.read(f"{folder}/{name}") as reader:
                    yield f"{folder}/{name}".removeprefix(f"{directory}/"), reader.read()

    @contextmanager
    def without_namenode(self) -> Iterator[None]:
        """Have no NameNode for a while."""
        self.namenode.kill()
        try:
            yield
        finally:
            self.heal()

    def _answers(self) -> bool:
        if not self.namenode.running:
            raise RuntimeError(f"the NameNode ended: {self.namenode.last_words()}")
        with suppress(requests.RequestException):
            look = {"op": "GETFILESTATUS", "user.name": "root"}
            return requests.get(f"{self.address}/webhdfs/v1/", params=look, timeout=10).ok
        return False

    def _takes_files(self) -> bool:
        """Whether a file can be written; a DataNode counts as alive for a while after its end."""
        client = self.client()
        try:
            client.write("/.probe", data=b"probe", overwrite=True)
        except (HdfsError, requests.RequestException):
            return False
        return bool(client.status("/.probe")["length"] == 5)

    def _state(self, bean: str, attribute: str) -> Any:
        query = {"qry": f"Hadoop:service=NameNode,name={bean}"}
        answer = requests.get(f"{self.address}/jmx", params=query, timeout=10)
        return answer.json()["beans"][0][attribute]

    def _machine(self, main: str, name: str, *arguments: str) -> Machine:
        return Machine(self._command(main, *arguments), self.folder / f"{name}.log")

    def _command(self, main: str, *arguments: str) -> list[str]:
        path = f"{self.folder / 'conf'}:{self._jars}/*"
        return [self._java, *_FLAGS, "-DHADOOP_USER_NAME=root", "-cp", path, main, *arguments]

    def _run(self, main: str, *arguments: str) -> None:
        done = subprocess.run(
            self._command(main, *arguments),
            capture_output=True, text=True, timeout=60, check=False, cwd=self.folder,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{main} {arguments} failed: {(done.stdout + done.stderr)[-3000:]}")

    def _configure(self, http: int, data: int, data_http: int, data_rpc: int) -> None:
        here = f"file://{self.folder}"
        conf = self.folder / "conf"
        for server in ("hdfs", "datanode"):  # the pages that its distribution has, and its jar not
            (conf / "webapps" / server / "WEB-INF").mkdir(parents=True)
            (conf / "webapps" / server / "WEB-INF" / "web.xml").write_text("<web-app/>")
        (conf / "log4j.properties").write_text(_LOG4J)
        core = {
            "fs.defaultFS": self._file_system(),
            "hadoop.tmp.dir": str(self.folder / "tmp"),
            "ipc.client.connect.retry.interval": "200",
        }
        site = self._site(http) | {
            "dfs.namenode.safemode.extension": "0",
            "dfs.namenode.heartbeat.recheck-interval": "1000",
            "dfs.heartbeat.interval": "1",
            "dfs.replication": "1",
            "dfs.blocksize": str(BLOCK),
            "dfs.datanode.data.dir": f"{here}/data",
            "dfs.datanode.address": f"127.0.0.1:{data}",
            "dfs.datanode.http.address": f"127.0.0.1:{data_http}",
            "dfs.datanode.ipc.address": f"127.0.0.1:{data_rpc}",
            "dfs.datanode.hostname": "127.0.0.1",  # where it redirects to
            "dfs.client.socket-timeout": "10000",
        }
        write_site(conf / "core-site.xml", core)
        write_site(conf / "hdfs-site.xml", site)

    def _file_system(self) -> str:
        return f"hdfs://127.0.0.1:{self._rpc}"

    def _site(self, http: int) -> dict[str, str]:
        return {
            "dfs.namenode.rpc-address": f"127.0.0.1:{self._rpc}",
            "dfs.namenode.http-address": f"127.0.0.1:{http}",
            "dfs.namenode.name.dir": f"file://{self.folder}/name",
        }


def write_site(path: Path, properties: dict[str, str]) -> None:
    lines = [
        f"<property><name>{name}</name><value>{escape(value)}</value></property>"
        for name, value in properties.items()
    ]
    path.write_text("<configuration>\n" + "\n".join(lines) + "\n</configuration>\n")
