"""What a source follows is text, not what log rotation has packed."""

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import PurePosixPath

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.followed import followed
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet, PerHost, Value

PACKED = (".gz", ".xz", ".bz2", ".zst")


class PackedFiles(Diagnostic, code="FL905", severity="warning"):
    """A pattern of files also matches those that log rotation has packed.

    `access.log.*` matches `access.log.2.gz` as well, and so do `access.log*` and `*`. Its bytes
    would be read as lines, again. Of files that nobody rotates say `rotation = none`.

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
    rotated: bool
    """Whether it is one of `rotated`."""

    @property
    def message(self) -> str:
        return f"`{self.pattern}` also matches packed files, such as `{self.packed}`"

    @property
    def hint(self) -> str:
        if self.rotated:
            return "name what is not packed, as `*.[0-9]`; logrotate's `delaycompress` keeps it so"
        return (
            "name what is not packed, as `*.log`, and in `rotated` what rotation makes of it; or "
            "say `rotation = none` where nothing is rotated"
        )


def check_rotation(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield patterns of files that match packed ones.

    Who follows what a sink writes knows what is there: of that FL538 speaks.
    """
    of_sinks = {one.source for one in graph.derived(followed)}
    for agent in fleet.agents.values():
        for component in agent.components.values():
            if (rotated := component.values.get("rotated")) is not None:
                yield from check_patterns(rotated, rotated=True)
            rotation, files = component.values.get("rotation"), component.values.get("files")
            if files is None or (agent.name, component.name) in of_sinks:
                continue
            if rotation is None or rotation.value != "none":
                yield from check_patterns(files, rotated=False)


def check_patterns(said: Value, *, rotated: bool) -> Iterator[Diagnostic]:
    """Yield those of the patterns that end in a way that a packed file's name fits."""
    for item in said.value if isinstance(said.value, tuple) else ():
        parts = item.parts if isinstance(item, PerHost) else (str(item),)
        tail = parts[-1] if isinstance(parts[-1], str) else ""
        pattern = PurePosixPath(tail).name
        stem = pattern.rstrip("*")
        number = ".1" if stem[-1:].isalnum() or not rotated else "1"
        example = _example(stem)
        for packed in (example, *(f"{example}{number}{suffix}" for suffix in PACKED)):
            if packed.endswith(PACKED) and fnmatch(packed, pattern):
                yield PackedFiles(said.span, pattern, packed, rotated)
                break


def _example(stem: str) -> str:
    """Return a name that a pattern may begin with, as `*.log` or nothing at all."""
    return stem.replace("*", "app") or "app.log"
