"""Times in paths, of which the events of one folder should all have one clock."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.headers.known import Lack
from flumec.compiler.headers.uses import Use
from flumec.compiler.source import Span


class TwoClocks(Diagnostic, code="FL404", severity="warning"):
    """The times in a path go by the header `timestamp`, which only some of the events have.

    Those that lack it go by when they were first stored. So two events of one moment may come into
    the folders of two days, and whoever counts a day by its folder counts wrong.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/access.log"]
      }

      source errors : taildir {
        files = ["/var/log/error.log"]
      }

      channel spool : file

      sink files : file_roll {
        directory = "/srv/logs"
        path = "%Y-%m-%d"
      }

      access -> timestamp() -> spool
      errors -> spool
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

      source errors : taildir {
        files = ["/var/log/error.log"]
      }

      channel spool : file

      sink files : file_roll {
        directory = "/srv/logs"
        path = "%Y-%m-%d"
      }

      access -> timestamp() -> spool
      errors -> timestamp() -> spool
      spool -> files
    }
    ```
    """

    by: str
    lack: Lack
    setters: tuple[Span, ...]

    @property
    def message(self) -> str:
        return f"the times in {self.by} go by two clocks: not every event has `header.timestamp`"

    @property
    def hint(self) -> str:
        return (
            "`timestamp(preserve = true)` before the channel gives it to the others; without it "
            "anywhere, all go by when they were first stored"
        )

    @property
    def places(self) -> tuple[Place, ...]:
        set_here = (Place(span, "it is set here") for span in self.setters[:2])
        others = tuple(place for place in set_here if place.span != self.lack.span)
        return (Place(self.lack.span, self.lack.why), *others)


def two_clocks(use: Use) -> Iterator[TwoClocks]:
    """Yield that a path's times are read from a header that some events lack."""
    known = use.known
    if known.setters and known.lack is not None and not known.sure:
        yield TwoClocks(use.span, use.by, known.lack, known.setters)
