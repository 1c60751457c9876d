"""Where things stand, in a bundle and on the host that it is installed on."""

from functools import partial
from urllib.parse import quote

_safe = partial(quote, safe="", errors="surrogatepass")

PREFIX = "/opt/flumec"
"""The folder of everything that a bundle installs, but for units."""

CURRENT = f"{PREFIX}/current"
"""A link to the installed bundle; those of before lie beside it."""

SCRIPTS = f"{CURRENT}/agents"
PYTHON = f"{CURRENT}/bin/python"
"""Made by the installer: it starts the Python that has flumec.runtime."""

UNITS = "/etc/systemd/system"
TARGET = "flumec.target"
"""All agents of a host."""

STATES = "/var/lib/flumec"
"""Where systemd makes each agent's StateDirectory."""

CREDENTIALS = "/etc/flumec/credentials"


MANIFEST = "manifest.json"
README = "README.md"
FIREWALL = "firewall.csv"
PLAYBOOK, INVENTORY = "playbook.yml", "inventory.yml"
"""Beside the hosts' folders, where `build --playbook` was asked for them."""

INSTALLER = "install"
"""The program in a host's folder that installs it."""

TAR = ".tar"
RUNTIME = "flumec-runtime-"
"""What the names of runtimes begin with: `flumec-runtime-3.11-x86_64-DIGEST.tar`."""


def folder(host: str) -> str:
    """Return the name of a host's folder: its own, with `%2F` and the like for what is not safe.

    >>> folder("web-1.example.com"), folder("../etc"), folder("manifest.json"), folder("a.tar")
    ('web-1.example.com', '%2E.%2Fetc', '%6Danifest.json', '%61.tar')
    """
    first, rest = host[:1], host[1:]
    ours = host in {MANIFEST, README, FIREWALL, PLAYBOOK, INVENTORY} or host.startswith(RUNTIME)
    unsafe = first == "." or ours or host.endswith(TAR)
    return (f"%{ord(first):02X}" if unsafe else _safe(first)) + _safe(rest)


def script_path(host: str, agent: str) -> str:
    """Return an agent's script in the bundle."""
    return _beneath(host, f"agents/{agent}.py")


def unit_path(host: str, agent: str) -> str:
    """Return an agent's service unit in the bundle."""
    return _beneath(host, systemd_path(unit_name(agent)))


def systemd_path(unit: str) -> str:
    """Return a unit by its name in a host's folder."""
    return f"systemd/{unit}"


def unit_name(agent: str) -> str:
    """Return the name that systemd knows an agent by."""
    return f"flumec-{agent}.service"


def socket_name(agent: str, name: str) -> str:
    """Return the name of the unit for one of an agent's sockets; no agent's name has a hyphen."""
    return f"flumec-{agent}-{name}.socket"


def credential(name: str) -> str:
    """Return the file on a host that holds the value of `secret("name")`."""
    return f"{CREDENTIALS}/{name}"


def _beneath(host: str, name: str) -> str:
    """Return a file of a host's folder by its name in the bundle, or, for "", in that folder."""
    return f"{folder(host)}/{name}" if host else name
