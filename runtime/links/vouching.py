"""Whether a sender is the host that it says it is: by its certificate, where the link wants one."""

from flumec.runtime.links.greeting import Code, Hello
from flumec.runtime.links.register import Refusal
from flumec.runtime.tls.certificate import called
from flumec.runtime.tls.settings import Tls

WAIT = 30.0
"""Seconds after which a sender that is refused may try again."""


def vouch(hello: Hello, names: frozenset[str] | None, tls: Tls, here: str) -> None:
    """Raise Refusal unless a connection is encrypted as declared, and its sender is itself.

    `names` are those of the sender's certificate; None for a plain connection. A host may only
    send as itself, so one whose key was stolen speaks for no other. A wildcard names no host.
    """
    there = f"agent `{hello.agent}` on {hello.host}"
    if tls == "none":
        return
    if names is None:
        raise Refusal(
            Code.WIRE,
            f"link `{hello.link}`: {there} does not speak TLS, and {here} has `tls = {tls}`: build "
            "both from the same files",
            WAIT,
        )
    if tls == "mutual" and called(hello.host) not in names:
        whose = ", ".join(sorted(names)) or "nobody"
        raise Refusal(
            Code.CERTIFICATE,
            f"{there} shows a certificate of {whose}: a host sends by its own name only; give it "
            f"the certificate of {hello.host}",
            WAIT,
        )
