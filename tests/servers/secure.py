"""An HDFS that speaks WebHDFS by TLS, at its NameNode and its DataNode; tests look without it."""

from pathlib import Path

from servers.authority import PASSWORD, Authority
from servers.hadoop import Hadoop, write_site
from servers.machine import free_ports


class Secure(Hadoop):
    """Its certificates are of an authority that nobody knows but who has `certificate`."""

    def __init__(self, folder: Path, *, address: str = "127.0.0.1", days: int = 1) -> None:
        self._authority = Authority(folder.with_name(f"{folder.name}-authority"))
        self._keystore = self._authority.keystore(address, days=days)
        self.certificate = self._authority.certificate
        self._https, self._data_https = free_ports(2)
        super().__init__(folder)
        self.addresses = (f"https://127.0.0.1:{self._https}",)

    def _configure(self, http: int, data: int, data_http: int, data_rpc: int) -> None:
        super()._configure(http, data, data_http, data_rpc)
        keys = {
            "ssl.server.keystore.location": str(self._keystore),
            "ssl.server.keystore.type": "pkcs12",
            "ssl.server.keystore.password": PASSWORD,
            "ssl.server.keystore.keypassword": PASSWORD,
        }
        write_site(self.folder / "conf" / "ssl-server.xml", keys)

    def _site(self, http: int) -> dict[str, str]:
        return super()._site(http) | {
            "dfs.http.policy": "HTTP_AND_HTTPS",
            "dfs.namenode.https-address": f"127.0.0.1:{self._https}",
            "dfs.datanode.https.address": f"127.0.0.1:{self._data_https}",
        }
