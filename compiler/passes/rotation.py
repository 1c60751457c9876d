"""What a source follows is text, not what log rotation has packed."""

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import PurePosixPath

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet, PerHost, Value

PACKED = (".gz", ".xz", ".bz2", ".zst")


class PackedFiles(Diagnostic, code="FL905", severity="warning"):
    """A pattern of rotated files also matches packed ones.

    `access.log.*` matches `access.log.2.gz` as well. Its bytes would be read as lines again.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/nginx/access.log"]
        rotated = ["/var/log/nginx/access.log.*"]
      }

      channel spool : file

      sink out : null

      access -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/nginx/access.log"]
        rotated = ["/var/log/nginx/access.log.[0-9]"]
      }

      channel spool : file

      sink out : null

      access -> spool
      spool -> out
    }
    ```
    """

    pattern: str
    packed: str

    @property
    def message(self) -> str:
        return f"`{self.pattern}` also matches packed files, such as `{self.packed}`"

    @property
    def hint(self) -> str:
        return "name what is not packed, such as `*.[0-9]`; logrotate's `delaycompress` keeps it so"


def check_rotation(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield patterns of rotated files that match packed ones."""
    for agent in fleet.agents.values():
        for component in agent.components.values():
            if (rotated := component.values.get("rotated")) is not None:
                yield from check_patterns(rotated)


def check_patterns(rotated: Value) -> Iterator[Diagnostic]:
    """Yield those of the patterns that end in a way that a packed file's name fits."""
    for item in rotated.value if isinstance(rotated.value, tuple) else ():
        parts = item.parts if isinstance(item, PerHost) else (str(item),)
        tail = parts[-1] if isinstance(parts[-1], str) else ""
        pattern = PurePosixPath(tail).name
        stem = pattern.rstrip("*")
        for packed in (f"{stem}1{suffix}" for suffix in PACKED):
            if fnmatch(packed, pattern):
                yield PackedFiles(rotated.span, pattern, packed)
                break
