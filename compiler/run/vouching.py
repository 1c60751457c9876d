"""Certificates for `flumec run`: an authority of its own, which is gone when the run is."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flumec.compiler.plan import Agent
from flumec.runtime.tls.settings import CA, CERTIFICATE, KEY

if TYPE_CHECKING:
    from flumec.compiler.certs.authority import Authority, Issued


CLIENT = ".client"
"""Beside the hosts' folders in the state directory: what a client on this machine proves with."""


class Vouching:
    """Plays the part of `flumec certs` and of who carries files to hosts, for a fleet that runs."""

    def __init__(self) -> None:
        self._issued: dict[str, Issued] = {}

    def of(self, agent: Agent) -> dict[str, str]:
        """Return by its name each credential that an agent needs for TLS: those of its host."""
        return {name: self._content(agent, role).decode() for role, name in agent.proofs}

    def equip_client(self, state: Path) -> None:
        """Lay out whom a client of this run is to trust, and a certificate of its own."""
        issued = self._authority.issue(["localhost"])
        folder = state / CLIENT
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for secret, content in (
            (CA, self._authority.certificate), (CERTIFICATE, issued.certificate), (KEY, issued.key),
        ):  # fmt: skip
            path = folder / secret.name
            path.unlink(missing_ok=True)  # a former run's
            path.touch(mode=0o600)
            path.write_bytes(content)

    def _content(self, agent: Agent, role: str) -> bytes:
        if role == "ca":
            return self._authority.certificate
        if agent.host not in self._issued:
            self._issued[agent.host] = self._authority.issue([agent.host, agent.address])
        issued = self._issued[agent.host]
        return issued.key if role == "key" else issued.certificate

    @cached_property
    def _authority(self) -> "Authority":
        from flumec.compiler.certs.authority import Authority

        return Authority.make("flumec run")
