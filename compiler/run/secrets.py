"""Secrets for `flumec run`: a file of `name = value` lines, shown to agents as systemd does."""

from pathlib import Path

from flumec.compiler.plan import Agent
from flumec.compiler.run.errors import RunError


def read_secrets(path: Path) -> dict[str, str]:
    """Read `name = value` lines; blank lines and lines that begin with # say nothing.

    A value is all that follows the `=`, without the blanks around it. Raises RunError.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        reason = error.strerror or error
        raise RunError(f"cannot read the secrets file `{path}`: {reason}") from None
    except UnicodeDecodeError as error:  # whose own text shows what it met
        where = f"it is not text in UTF-8 (byte {error.start})"
        raise RunError(f"cannot read the secrets file `{path}`: {where}") from None
    secrets: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            raise RunError(f"{path}:{number}: expected `name = value`")
        if name.strip() in secrets:
            raise RunError(f"{path}:{number}: the secret `{name.strip()}` stands there twice")
        secrets[name.strip()] = value.strip()
    return secrets


def lay_out(agent: Agent, secrets: dict[str, str], source: Path | None, folder: Path) -> None:
    """Write the secrets that an agent names into `folder`, for its user alone; raise RunError."""
    folder.mkdir(mode=0o700, parents=True)
    for name in agent.credentials:
        if name not in secrets:
            where = f"{source} has none" if source else "give a file of `name = value` lines"
            raise RunError(
                f"agent `{agent.name}` of {agent.host} needs the secret `{name}`: "
                f"{where} (--secrets FILE)"
            )
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(secrets[name], "utf-8")
