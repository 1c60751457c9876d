"""The standard library's TLS contexts from files, each mistake of which is told apart."""

import ssl
from collections.abc import Mapping
from pathlib import Path

from flumec.runtime.errors import StartError


def context_of(
    files: Mapping[str, Path], *, listens: bool, least: ssl.TLSVersion, blind: bool = False
) -> ssl.SSLContext:
    """Return a context of the files that an end uses: `ca`, `certificate`, `key`.

    One that has `ca` lets nobody in whom that does not vouch for, unless it is `blind`: for looking
    at what the other end shows. Raise StartError.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if listens else ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = least
    made.hostname_checks_common_name = False
    if listens:
        made.num_tickets = 0  # who connects proves anew, and by the files of now
        made.options |= ssl.OP_NO_RENEGOTIATION
    if blind:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    elif (ca := files.get("ca")) is not None:
        _trust(made, ca)
        made.verify_mode = ssl.CERT_REQUIRED
    if "certificate" in files:
        _show(made, files["certificate"], files["key"])
    return made


def _trust(made: ssl.SSLContext, ca: Path) -> None:
    try:
        made.load_verify_locations(ca)
    except ssl.SSLError:
        raise StartError(f"{ca} has no certificate of an authority in PEM") from None
    except OSError as error:
        raise StartError(f"{ca} cannot be read: {error.strerror}") from None


def _show(made: ssl.SSLContext, certificate: Path, key: Path) -> None:
    def no_passphrase() -> str:
        raise StartError(
            f"the key in {key} is encrypted, and an agent has nobody to ask for its passphrase: "
            "store it without one"
        )

    try:
        made.load_cert_chain(certificate, key, no_passphrase)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            text = f"the key in {key} is not that of the certificate in {certificate}"
        else:
            text = f"{certificate} has no certificate in PEM, or {key} has no private key in PEM"
        raise StartError(text) from None
    except OSError as error:
        raise StartError(f"{certificate} or {key} cannot be read: {error.strerror}") from None
