"""What the command line adds to the files: values of params, and what `env()` reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """Values from outside. `--set` wins over `.flowvars` files, a later file over an earlier."""

    sets: Mapping[str, str] = field(default_factory=dict)
    """`--set key=value`, unparsed."""
    flowvars: tuple[Path, ...] = ()
    """`--vars FILE`, in the order given."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What `env("NAME")` may read."""
