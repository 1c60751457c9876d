"""Headers that are read where no event has them, or not every event."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place, closest, nearest
from flumec.compiler.graph import Graph
from flumec.compiler.headers.flow import header_flow
from flumec.compiler.headers.known import Lack
from flumec.compiler.headers.live import Liveness
from flumec.compiler.headers.steps import shown
from flumec.compiler.headers.uses import Kind, Use, uses
from flumec.compiler.model import Fleet
from flumec.compiler.passes.header_spread import one_value
from flumec.compiler.passes.header_times import two_clocks
from flumec.compiler.passes.header_values import check_values
from flumec.compiler.passes.header_waste import check_waste
from flumec.compiler.source import Span

_ALWAYS: dict[Kind, str] = {
    "path": "every event would go into the folder `_`",
    "route": "every event would take `else`",
    "hash": "every event would go to the same host",
    "key": "every event would be without a key",
    "dedup": "every event would be without a key, and every copy written",
    "fingerprint": "it would tell no events apart by that",
}
_SOMETIMES: dict[Kind, str] = {
    "path": "events without it go into the folder `_`",
    "hash": "events without it all go to the same host",
    "key": "events without it are without a key",
    "dedup": "events without it have no key: copies of them are written",
}
"""What becomes of events without a header. A route says so itself, by its `else`; to a fingerprint
an absent header is a part like others."""
_USUAL = {"host": "`host()`", "timestamp": "`timestamp()`"}
"""The steps that set these by default."""


class HeaderNeverSet(Diagnostic, code="FL401"):
    """A route, a path or a key goes by a header that no event has.

    Nothing in the fleet sets it on the way there, and the events enter without it. The runtime
    would take what it takes for an absent header, for every event: the route's `else`, the folder
    `_`, one host of all, no key.

    A source that clients send to, such as `http`, lets any header in, unless its `headers` list
    those that it takes: without such a list nothing is said.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/access.log"]
      }

      channel spool : file {
        size = 16GiB
      }

      sink files : file_roll {
        directory = "/srv/logs"
        path = "%{hots}"
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

      channel spool : file {
        size = 16GiB
      }

      sink files : file_roll {
        directory = "/srv/logs"
        path = "%{host}"
      }

      access -> host() -> spool
      spool -> files
    }
    ```
    """

    name: str
    kind: Kind
    by: str
    effect: str
    known: tuple[str, ...]
    lack: Lack | None

    @property
    def message(self) -> str:
        return f"{self.by} goes by `{shown(self.name)}`, which nothing sets"

    @property
    def label(self) -> str:
        return "no event has it"

    @property
    def hint(self) -> str:
        near, header = closest(self.name, self.known), shown(self.name)
        if near:
            return near
        if self.kind == "dedup":  # what many share is no key
            return f"set it before, from what tells events apart: `fingerprint({header}, of = […])`"
        step = f'`static({header}, "…")`' if self.kind == "path" else f"`{_extracting(header)}`"
        return f"set it before: {_USUAL.get(self.name, step)}, or another step"

    @property
    def notes(self) -> tuple[str, ...]:
        there = ", ".join(f"`{name}`" for name in sorted(self.known)[:8]) or "none"
        return (self.effect, f"headers that are set there: {there}")

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.lack.span, self.lack.why),) if self.lack else ()


class HeaderPerhapsSet(Diagnostic, code="FL402", severity="warning"):
    r"""A path or a key goes by a header that only some of the events have.

    The others take what the runtime takes for an absent header: the folder `_`, one host for all of
    them, no key, so that their copies are written. Where that is what is wanted, say so with a
    value of their own: `static` leaves alone what is there. In a key it would make one event of all
    that lack it, of which one is written: there a `fingerprint` of their content is theirs alone.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/access.log"]
      }

      channel spool : file {
        size = 16GiB
      }

      sink files : file_roll {
        directory = "/srv/logs"
        path = "%{user}"
      }

      access -> regex_extract(r"user=(\w+)", into = [header.user]) -> spool
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

      channel spool : file {
        size = 16GiB
      }

      sink files : file_roll {
        directory = "/srv/logs"
        path = "%{user}"
      }

      access
        -> regex_extract(r"user=(\w+)", into = [header.user])
        -> static(header.user, "nobody")
        -> spool
      spool -> files
    }
    ```
    """

    name: str
    kind: Kind
    by: str
    effect: str
    lack: Lack
    setters: tuple[Span, ...]

    @property
    def message(self) -> str:
        return f"{self.by} goes by `{shown(self.name)}`, which not every event has"

    @property
    def hint(self) -> str:
        step = f'static({shown(self.name)}, "none")'
        if self.kind == "dedup":  # of all that share a value, one alone would be written
            step = f"fingerprint({shown(self.name)}, of = […], preserve = true)"
        return f"give the others a value of their own before: `{step}` keeps one that is there"

    @property
    def notes(self) -> tuple[str, ...]:
        return (self.effect,)

    @property
    def places(self) -> tuple[Place, ...]:
        set_here = (Place(span, "it is set here") for span in self.setters[:2])
        others = tuple(place for place in set_here if place.span != self.lack.span)
        return (Place(self.lack.span, self.lack.why), *others)


def check_headers(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield headers that are read where they are not, and values and steps that do nothing."""
    flow = header_flow(graph)
    read = list(uses(fleet, flow))
    meant: set[str] = set()
    for use in read:
        known = use.known
        if use.kind == "time":
            yield from two_clocks(use)
        elif known.never:
            yield _never(use)
            meant.update(nearest(use.name, use.headers.names))
        elif known.lack is not None and not known.sure and use.kind in _SOMETIMES:
            effect = _SOMETIMES[use.kind]
            yield HeaderPerhapsSet(
                use.span, use.name, use.kind, use.by, effect, known.lack, known.setters
            )
        elif use.kind == "hash":
            yield from one_value(use, fleet)
    yield from check_values(fleet, flow)
    yield from check_waste(Liveness(fleet, graph, flow, read), meant)


def _never(use: Use) -> HeaderNeverSet:
    effect, names = _ALWAYS[use.kind], use.headers.names
    return HeaderNeverSet(use.span, use.name, use.kind, use.by, effect, names, use.known.lack)


def _extracting(header: str) -> str:
    return f'regex_extract(r"…", into = [{header}])'
