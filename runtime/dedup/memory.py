"""What a sink's cursor remembers of its keys: which runs are live, how old, made of which key."""

import posixpath
from dataclasses import field, replace
from typing import Any, Self

from flumec.runtime.dedup.ageing import Age
from flumec.runtime.frozen import frozen

SUFFIX = ".keys"


@frozen
class Memory:
    """The live runs by name; those of another `key`, or of a sink without, mean nothing."""

    key: str
    runs: tuple[str, ...] = ()
    age: Age = field(default_factory=Age)

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Self:
        """Read what `fields` made."""
        return cls(fields["key"], tuple(fields["runs"]), Age(*fields["age"]))

    @property
    def fields(self) -> dict[str, Any]:
        """The memory as JSON has it."""
        return {"key": self.key, "runs": self.runs, "age": (self.age.passed, self.age.wall)}

    def resolved(self, hidden: str) -> Self:
        """Return it with the run of an intent, whose first hidden file is given."""
        return replace(self, runs=(*self.runs, run_name(hidden)))


def run_name(hidden: str) -> str:
    """Return the name of an intent's run: its first hidden file's, which is never used twice."""
    return posixpath.basename(hidden) + SUFFIX
