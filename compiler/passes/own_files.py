"""Sources that follow what sinks of their host write: their own events, or what is no text."""

from collections.abc import Iterator, Sequence

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.followed import Followed, Onward, followed
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Fleet
from flumec.compiler.proofs.words import dotted


class FollowsItself(Diagnostic, code="FL535"):
    """A source follows the files that its own events are written into, on the same host.

    Each line that is written is read, and written again: the files grow until the disk is full. So
    they do where one agent follows what another writes, and that one what the first writes.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source logs : taildir {
        files = ["/var/log/**/*.log"]
      }

      channel spool : file

      sink copies : file_roll {
        directory = "/var/log/copies"
      }

      logs -> spool
      spool -> copies
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source logs : taildir {
        files = ["/var/log/**/*.log"]
      }

      channel spool : file

      sink copies : file_roll {
        directory = "/srv/copies"
      }

      logs -> spool
      spool -> copies
    }
    ```
    """

    circle: tuple[Followed, ...]
    """Each of which is written of the events of the one before; the first of those of the last."""

    @property
    def message(self) -> str:
        first, *others = self.circle
        way = " and ".join(f"`{dotted(each.source)}`" for each in others)
        return (
            f"`{dotted(first.source)}` follows what `{dotted(first.sink)}` writes of its events on "
            f"`{first.host}`{way and f', by way of {way}'}"
        )

    @property
    def label(self) -> str:
        return "its files are meant too"

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(f"a file of `{dotted(each.sink)}` is `{each.file}`" for each in self.circle)

    @property
    def hint(self) -> str:
        return "let the sink write into a directory that no pattern of the source means"

    @property
    def places(self) -> tuple[Place, ...]:
        first, *others = self.circle
        return (
            Place(first.written, "they are written here"),
            *(Place(each.meant, f"this is written by `{dotted(each.sink)}`") for each in others),
        )


class FollowsNoText(Diagnostic, code="FL538", severity="warning"):
    """A source follows what a sink of its host writes, and that is no text, or not written yet.

    A source makes an event of each line. Of a compressed file or of Parquet these are pieces of
    whatever bytes there are; a file without newlines has no line that ends; and of a file that is
    not published yet the sink may write every event again, into another one.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent writer on web {
      source numbers : seq

      channel spool : file

      sink files : file_roll {
        directory = "/srv/numbers"
        codec = gzip
      }

      numbers -> spool
      spool -> files
    }

    agent reader on web {
      source numbers : taildir {
        files = ["/srv/numbers/*"]
      }

      channel spool : file

      sink out : null

      numbers -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent writer on web {
      source numbers : seq

      channel spool : file

      sink files : file_roll {
        directory = "/srv/numbers"
      }

      numbers -> spool
      spool -> files
    }

    agent reader on web {
      source numbers : taildir {
        files = ["/srv/numbers/*"]
      }

      channel spool : file

      sink out : null

      numbers -> spool
      spool -> out
    }
    ```
    """

    one: Followed

    @property
    def message(self) -> str:
        return (
            f"`{dotted(self.one.source)}` follows files of `{dotted(self.one.sink)}` on "
            f"`{self.one.host}`, which {self.one.unreadable}"
        )

    @property
    def label(self) -> str:
        return "its files are meant too"

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"a file of `{dotted(self.one.sink)}` is `{self.one.file}`",)

    @property
    def hint(self) -> str:
        if self.one.hidden:
            return "name only folders that begin with no dot: what is published is in those"
        return (
            "let the sink write lines of text that are not compressed, or the source follow other "
            "files; a link (`=>`) takes events from one agent to another as they are"
        )

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.one.written, "they are written here"),)


def check_own_files(_fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield circles of events through files, and what else is followed that cannot be read."""
    found = graph.derived(followed)
    if not found:
        return
    round_and_round: set[tuple[Node, Node]] = set()
    for circle in _circles(found, graph):
        round_and_round.update((each.sink, each.source) for each in circle)
        yield FollowsItself(circle[0].meant, circle)
    said = set(round_and_round)
    for one in found:
        if one.unreadable and (one.sink, one.source) not in said:
            said.add((one.sink, one.source))
            yield FollowsNoText(one.meant, one)


def _circles(found: Sequence[Followed], graph: Graph) -> Iterator[tuple[Followed, ...]]:
    """Yield a shortest circle through each that is in one, but for those of an earlier circle."""
    onward = Onward(found, graph)
    said: set[tuple[Node, Node]] = set()
    for one in found:
        if (one.sink, one.source) not in said:
            circle = onward.circle(one)
            said.update((each.sink, each.source) for each in circle)
            if circle:
                yield circle
