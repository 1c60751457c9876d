"""Why two ends do not come to trust each other, and what to look at."""

import ssl

_EXPIRED, _EARLY = 10, 9
_OTHER_NAME = (62, 64)
_UNKNOWN = (2, 18, 19, 20, 21)
"""OpenSSL's numbers of what a verification ends with."""

_ALERTS = {
    "CERTIFICATE_REQUIRED": "it wants a certificate of this end, and got none: is `tls` the same "
    "at both ends?",
    "UNKNOWN_CA": "it does not trust the authority of this end's certificate: are the `ca` files "
    "of both hosts from one authority?",
    "CERTIFICATE_EXPIRED": "it takes this end's certificate for one that has ended",
    "BAD_CERTIFICATE": "it does not accept this end's certificate: has it begun, by its clock?",
    "CERTIFICATE_UNKNOWN": "it does not accept this end's certificate",
    "UNSUPPORTED_CERTIFICATE": "it does not accept this end's certificate for this purpose",
    "DECRYPT_ERROR": "the key is not that of the certificate",
    "ALERT_PROTOCOL_VERSION": "it speaks no version of TLS that this end does (1.3)",
    "HANDSHAKE_FAILURE": "the two have no cipher in common",
}
_PLAIN = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNEXPECTED_MESSAGE",
          "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE", "BAD_RECORD_TYPE")  # fmt: skip
NO_TLS = (
    "it does not speak TLS: build both ends from the same files, and roll out the receiver first"
)


def explain(error: ssl.SSLError) -> str:
    """Return what a handshake failed of, in words for who runs the hosts."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _unverified(error)
    reason = error.reason or ""
    for alert, text in _ALERTS.items():
        if alert in reason:
            return text
    if isinstance(error, ssl.SSLEOFError):
        return "it ended the connection before it had proven who it is"
    if reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return "it shows no certificate, and `tls = mutual` wants one"
    if any(plain in reason for plain in _PLAIN):
        return NO_TLS
    return f"TLS failed: {reason.lower().replace('_', ' ') or error}"


def is_about_theirs(error: ssl.SSLError) -> bool:
    """Return whether it helps to see the other end's certificate: its names, beginning and end."""
    code = getattr(error, "verify_code", 0)
    return code in (_EXPIRED, _EARLY, *_OTHER_NAME)


def is_about_mine(error: ssl.SSLError) -> bool:
    """Return whether the other end does not accept this end's certificate."""
    reason = error.reason or ""
    return "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason)


def _unverified(error: ssl.SSLCertVerificationError) -> str:
    code = error.verify_code
    if code == _EXPIRED:
        return "its certificate has ended, by this host's clock"
    if code == _EARLY:
        return "its certificate has not begun, by this host's clock"
    if code in _OTHER_NAME:
        return "its certificate is another host's"
    if code in _UNKNOWN:
        return (
            "its certificate is not from an authority that this host trusts: are the `ca` files of "
            "both hosts from one authority?"
        )
    return f"its certificate is not accepted: {error.verify_message}"
