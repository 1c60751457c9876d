"""What is said beside the files: values of params, what `env()` reads, which rules speak."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from flumec.runtime.frozen import frozen

if TYPE_CHECKING:
    from flumec.compiler.configuration.settings import Settings


@frozen
class Options:
    """Values from outside. `--set` wins over `.flowvars` files, a later file over an earlier."""

    sets: Mapping[str, str] = field(default_factory=dict)
    """`--set key=value`, unparsed."""
    flowvars: tuple[Path, ...] = ()
    """`--vars FILE`, in the order given."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What `env("NAME")` may read."""
    settings: "Settings | None" = None
    """Which rules speak, and how loud; all by default."""

    @property
    def strict(self) -> bool:
        """Whether warnings are findings."""
        return self.settings is not None and self.settings.strict
