"""What goes wrong with an HDFS, in words that say what to do about it."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests
from flumec.runtime.output.store import Unavailable
from hdfs.util import HdfsError

_REMEDIES = {
    "SafeModeException": "the NameNode is in safe mode: it goes on by itself once that is left",
    "RetriableException": "the NameNode asks to try again later",
    "StandbyException": "no NameNode is active: name all NameNodes of this HDFS in `namenodes`",
    "DSQuotaExceededException": "the space quota is used up: raise it or make room",
    "QuotaByStorageTypeExceededException": "the space quota is used up: raise it or make room",
    "NSQuotaExceededException": "the quota of names is used up: raise it or remove files",
    "MaxDirectoryItemsExceededException": "the folder is full: spread the files by the `path`",
    "PathComponentTooLongException": "a part of the path is too long for this HDFS: shorten it",
    "AccessControlException": "permission denied: let the agent's user write there",
    "AuthorizationException": "not authorised: let the agent's user use WebHDFS",
    "SecurityException": "it does not know who we are: set `token`, or `user` where that is enough",
    "InvalidToken": "the token is not valid, or no longer: bring a new one",
    "ParentNotDirectoryException": "a part of the path is a file: move it away",
    "InvalidPathException": "HDFS does not allow such a path",
    "SnapshotAccessControlException": "the path is in a read-only snapshot",
}
_BY_WORDS = (
    (r"safe mode", _REMEDIES["SafeModeException"]),
    (
        r"failed to find datanode|could only be written to 0 of|minReplication|no space left",
        "no DataNode takes the file: look whether they are up and have room",
    ),
    (
        r"encryption zone",
        "files can't be moved into or out of an encryption zone: begin `path` within the zone",
    ),
    (r"^call from .* failed on", "the DataNode can't reach the NameNode: is it up?"),
    (r"^path is not a directory", _REMEDIES["ParentNotDirectoryException"]),
    (r"^authentication failure", _REMEDIES["SecurityException"]),
)
"""What is told by the text alone, under an exception that says little."""

_LONGEST = 300

_UNKNOWN_CA = {7, 18, 19, 20, 21}
"""OpenSSL's codes for an authority that is not known, or not by that key."""


def refused(error: HdfsError, what: str) -> Unavailable:
    """Return why a NameNode or DataNode refused, in one line: its own word and what to do."""
    message: str | bytes = error.message  # bytes where the answer was no JSON
    said = _first_line(message)
    remedies = [text for words, text in _BY_WORDS if re.search(words, said, re.IGNORECASE)]
    remedy = remedies[0] if remedies else _REMEDIES.get(error.exception or "")
    return Unavailable(f"cannot {what}: {remedy} ({said})" if remedy else f"cannot {what}: {said}")


def unreachable(error: requests.RequestException, what: str) -> Unavailable:
    """Return which server doesn't answer; never the address with its query, which has the token."""
    url = error.request.url if error.request is not None else None
    where = urlsplit(str(url or "")).netloc or "the server"
    if isinstance(error, requests.exceptions.SSLError):
        why = f"a TLS connection can't be made: {_why_no_tls(error)}"
    elif isinstance(error, requests.exceptions.ConnectTimeout):
        why = "it does not answer: is it up, and does a firewall let this host in?"
    elif isinstance(error, requests.exceptions.Timeout):
        why = "it took too long to answer"
    elif isinstance(error, requests.exceptions.ConnectionError):
        why = "it can't be reached, or broke off: is it up, and is its name known on this host?"
    else:
        why = f"it can't be spoken to ({type(error).__name__})"
    return Unavailable(f"cannot {what}: {where}: {why}")


def require_certificates(ca: str) -> None:
    """Raise Unavailable unless the file has certificates; it may be brought while we wait."""
    try:
        ssl.create_default_context(cafile=ca)
    except ssl.SSLError:
        raise Unavailable(f"`ca`: `{ca}` has no certificate in PEM") from None
    except OSError as error:
        raise Unavailable(f"`ca`: `{ca}` can't be read: {error.strerror}") from None


def _why_no_tls(error: requests.exceptions.SSLError) -> str:
    """Return what is wrong with the certificate, where it was looked at."""
    seen: BaseException | None = error
    for _ in range(5):  # it is wrapped by each layer in between, in a way of its own
        if isinstance(seen, ssl.SSLCertVerificationError):
            why = seen.verify_message.rstrip(".")
            return f"{why}: is its authority in `ca`?" if seen.verify_code in _UNKNOWN_CA else why
        inner = getattr(seen, "reason", None) or (seen.args[0] if seen and seen.args else None)
        seen = inner if isinstance(inner, BaseException) else None
    return "is it `https`, and is its authority in `ca`?"


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what the client raises into Unavailable; `what` names the attempt and the path."""
    try:
        yield
    except HdfsError as error:
        raise refused(error, what) from None
    except (requests.JSONDecodeError, KeyError, TypeError) as error:
        reason = f"the answer is not that of WebHDFS ({type(error).__name__})"
        raise Unavailable(f"cannot {what}: {reason}: is there a proxy in between?") from None
    except requests.RequestException as error:
        raise unreachable(error, what) from None


def _first_line(message: str | bytes) -> str:
    """Return what was said without the server's traceback."""
    text = message.decode(errors="replace") if isinstance(message, bytes) else message
    line = " ".join(text.partition("\n\tat ")[0].split())
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"
