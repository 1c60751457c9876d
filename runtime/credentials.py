"""Secrets of the host: files that systemd's LoadCredential shows to this service alone."""

import os
from collections.abc import Mapping
from pathlib import Path

from flumec.runtime.component import Secret
from flumec.runtime.errors import StartError

ABSENT = b"\n"
"""What units show in the place of a credential that the host does not have.

Without it systemd does not start the service, says "Protocol error" and not which, every second.
"""


def read(secret: Secret, environment: Mapping[str, str] = os.environ) -> str:
    """Return a credential's text without the line end that editors add; raise StartError."""
    path = locate(secret, environment)
    try:
        text = path.read_text("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise StartError(f"the secret `{secret.name}` in {path} is not UTF-8 text") from None
    except OSError as error:
        raise missing(secret, path, error) from None
    if not text:
        raise absent(secret)
    return text


def locate(secret: Secret, environment: Mapping[str, str] = os.environ) -> Path:
    """Return where a credential lies, or would lie; raise StartError where there are none."""
    folder = environment.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise StartError(
            f"the secret `{secret.name}` is needed, and CREDENTIALS_DIRECTORY is not set: "
            f"run the agent by its unit (LoadCredential={secret.name}:/path/to/file) or by "
            "`flumec run --secrets FILE`, or set the variable to a folder with a file of that name"
        )
    return Path(folder) / secret.name


def absent(secret: Secret) -> StartError:
    """Return what to say of a credential that has nothing in it, which is as good as none."""
    return StartError(
        f"the secret `{secret.name}` is missing, or empty: put it into /etc/flumec/credentials/"
        f"{secret.name}, for root alone (chmod 600)"
    )


def missing(secret: Secret, path: Path, error: OSError) -> StartError:
    """Return what to say of a credential that cannot be read."""
    if isinstance(error, FileNotFoundError):
        return StartError(
            f"the secret `{secret.name}` is missing: no file {path}; "
            f"give it to the service with LoadCredential={secret.name}:/path/to/file"
        )
    return StartError(
        f"the secret `{secret.name}` cannot be read from {path}: {error.strerror or error}"
    )
