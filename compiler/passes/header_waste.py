"""Headers that are set for nobody."""

from collections.abc import Container, Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.headers.live import Liveness
from flumec.compiler.headers.steps import place_of, shown
from flumec.compiler.headers.uses import TIMESTAMP
from flumec.compiler.source import Span


class SetAnew(Diagnostic, code="FL405", severity="warning"):
    """A header is set, and set again on every event before anything reads it.

    The first value is never seen. One of the two steps has the wrong name, or is too many; or the
    later one is to keep what is there: `preserve = true`.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/access.log"]
      }

      channel spool : file

      sink files : file_roll {
        directory = "/srv/logs"
        path = "%{site}"
      }

      access -> static(header.site, "north") -> host(header = header.site) -> spool
      spool -> files
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/access.log"]
      }

      channel spool : file

      sink files : file_roll {
        directory = "/srv/logs"
        path = "%{site}/%{host}"
      }

      access -> static(header.site, "north") -> host() -> spool
      spool -> files
    }
    ```
    """

    header: str
    what: str
    anew: Span

    @property
    def message(self) -> str:
        return f"what {self.what} sets `{shown(self.header)}` to is never read: it is set anew"

    @property
    def hint(self) -> str:
        return "take one of the two out, or let the later one keep what is there: `preserve = true`"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.anew, "here, on every event"),)


class SetForNobody(Diagnostic, code="FL406", severity="warning"):
    """A header is set that nothing in the fleet reads and no sink writes.

    Files of `text` hold bodies alone, and no route, path or key is by it: whoever set it wanted it
    to arrive. It costs room in channels and on the wire.

    Headers that come to a channel without a reader, such as one for dead letters, count as read.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/access.log"]
      }

      channel spool : file

      sink files : file_roll {
        directory = "/srv/logs"
      }

      access -> host() -> spool
      spool -> files
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/access.log"]
      }

      channel spool : file

      sink files : file_roll {
        directory = "/srv/logs"
        format = json
      }

      access -> host() -> spool
      spool -> files
    }
    ```
    """

    header: str
    what: str

    @property
    def message(self) -> str:
        header = shown(self.header)
        return f"nothing reads `{header}`, which {self.what} sets, and no sink writes it"

    @property
    def hint(self) -> str:
        path = "%Y-%m-%d" if self.header == TIMESTAMP else f"%{{{self.header}}}"
        return (
            f"use it in a path (`{path}`), write files that have headers (`format = json` or "
            "`parquet`), or take it out"
        )


def check_waste(liveness: Liveness, meant: Container[str]) -> Iterator[Diagnostic]:
    """Yield headers that are set and not read, but those whose name was misspelt where it is."""
    for waste in liveness.wasted():
        place = place_of(waste.name, waste.span)
        if waste.anew is not None:
            yield SetAnew(place, waste.name, waste.what, waste.anew)
        elif waste.name not in meant:
            yield SetForNobody(place, waste.name, waste.what)
