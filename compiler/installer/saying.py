"""What the installer says: what it did, and what it found."""

import json
import sys
from typing import Any, Literal

Level = Literal["error", "warning", "note"]


class RefusedError(Exception):
    """It cannot be done; the message says why, and what to do. Nothing was changed but as said."""


class Report:
    """Lines for people, or at the end one JSON object."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.done: list[dict[str, str]] = []
        self.findings: list[dict[str, str]] = []

    @property
    def errors(self) -> int:
        """How many findings keep the bundle from being installed."""
        return sum(each["level"] == "error" for each in self.findings)

    def did(self, what: str, text: str) -> None:
        """Tell of a step that changed something."""
        self.done.append({"what": what, "text": text})
        self._line(f"{what:<10} {text}")

    def found(self, level: Level, text: str, cure: str = "") -> None:
        """Tell of something that the operator should know."""
        self.findings.append({"level": level, "text": text, **({"cure": cure} if cure else {})})
        self._line(f"{level:<10} {text}" + (f"; {cure}" if cure else ""))

    def end(self, text: str, status: int, **more: Any) -> int:
        """Say what came of it, and return the exit status."""
        if self.as_json:
            data = {"did": self.done, "found": self.findings, "said": text, "status": status}
            sys.stdout.write(json.dumps(data | more, indent=2) + "\n")
        else:
            sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
        return status

    def _line(self, line: str) -> None:
        if not self.as_json:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


def counted(number: int, noun: str) -> str:
    """Return `1 agent`, `2 agents`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def bytes_said(number: int) -> str:
    """Return a number of bytes in MB."""
    return f"{number / 1e6:,.0f} MB" if number >= 1e6 else f"{number / 1e3:,.0f} kB"
