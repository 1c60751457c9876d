"""Certificates for `flumec run`: an authority of its own, which is gone when the run is."""

from functools import cached_property
from typing import TYPE_CHECKING

from flumec.compiler.plan import Agent

if TYPE_CHECKING:
    from flumec.compiler.certs.authority import Authority, Issued


class Vouching:
    """Plays the part of `flumec certs` and of who carries files to hosts, for a fleet that runs."""

    def __init__(self) -> None:
        self._issued: dict[str, Issued] = {}

    def of(self, agent: Agent) -> dict[str, str]:
        """Return by its name each credential that an agent needs for TLS: those of its host."""
        return {name: self._content(agent, role).decode() for role, name in agent.proofs}

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
