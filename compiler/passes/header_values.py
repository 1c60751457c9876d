"""Values of headers that never arrive, and steps that never set one."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place, closest
from flumec.compiler.headers.flow import HeaderFlow
from flumec.compiler.headers.known import Known
from flumec.compiler.headers.making import fills_gaps
from flumec.compiler.headers.steps import enters, keeps, named, shown, steps_of
from flumec.compiler.model import Chain, Fleet, Route
from flumec.compiler.source import Span


class ValueNeverArrives(Diagnostic, code="FL403", severity="warning"):
    """An arm of a route is for a value that its header never has there.

    All that set it on the way, set it to something else: the arm gets no event, and those that it
    was meant for take `else`.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/access.log"]
      }

      channel live : file

      channel rest : file

      sink one : null

      sink two : null

      access -> static(header.env, "prod") -> route header.env {
        "production" -> live
        else -> rest
      }

      live -> one
      rest -> two
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/access.log"]
      }

      channel live : file

      channel rest : file

      sink one : null

      sink two : null

      access -> static(header.env, "prod") -> route header.env {
        "prod" -> live
        else -> rest
      }

      live -> one
      rest -> two
    }
    ```
    """

    header: str
    value: str
    known: tuple[str, ...]
    setters: tuple[Span, ...]

    @property
    def message(self) -> str:
        values = ", ".join(f'"{value}"' for value in self.known[:4])
        more = f" and {len(self.known) - 4} more" if len(self.known) > 4 else ""
        return f'"{self.value}" never arrives: `{shown(self.header)}` is {values}{more} here'

    @property
    def label(self) -> str:
        return "no event takes this arm" if len(self.known) else ""

    @property
    def hint(self) -> str | None:
        near = closest(self.value, self.known)
        return near.replace("`", '"') if near else "take the value out, or set it before the route"

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(Place(span, "it is set here") for span in self.setters)


class NeverNeeded(Diagnostic, code="FL407", severity="warning"):
    """A step sets a header where it is absent, and it is never absent there.

    `static` leaves a header alone that is there, unless it says `preserve = false`; `timestamp` and
    `host` do so with `preserve = true`. Here every event has it already: the step does nothing, and
    its value is never seen. `fingerprint` with `preserve = true` makes an empty header anew, too:
    it is named only where none can be empty, as one can that clients send.

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
        path = "%{tier}"
      }

      access -> static(header.tier, "bronze") -> static(header.tier, "gold") -> spool
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
        path = "%{tier}"
      }

      access -> static(header.tier, "gold") -> spool
      spool -> files
    }
    ```
    """

    step: str
    header: str
    setters: tuple[Span, ...]

    @property
    def message(self) -> str:
        return f"`{self.step}` never sets `{shown(self.header)}`: every event has it already"

    @property
    def hint(self) -> str:
        return "`preserve = false` sets it all the same; else take the step out"

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(Place(span, "it is set here") for span in self.setters)


def check_values(fleet: Fleet, flow: HeaderFlow) -> Iterator[Diagnostic]:
    """Yield arms that get no event, and steps that leave every header alone."""
    for agent in fleet.agents.values():
        for chain in agent.chains:
            if not enters(agent, chain):
                continue
            yield from _steps(agent.name, chain, flow)
            if isinstance(chain.end, Route):
                known = flow.before_end(agent.name, chain)[chain.end.header]
                yield from _arms(chain.end, known)


def _arms(route: Route, known: Known) -> Iterator[ValueNeverArrives]:
    if known.values is None or known.never:  # any value may come; or none, which is said
        return
    values = tuple(sorted(known.values))
    for arm in route.arms:
        for value, span in zip(arm.values or (), arm.spans, strict=False):
            if value not in known.values:
                yield ValueNeverArrives(span, route.header, value, values, known.setters)


def _steps(agent: str, chain: Chain, flow: HeaderFlow) -> Iterator[NeverNeeded]:
    keeping = any(step.declaration and keeps(step) for step in steps_of(chain))
    for step, headers in flow.steps(agent, chain) if keeping else ():
        if step.declaration is None or not keeps(step):
            continue
        for property_ in step.declaration.sets:
            for name in named(step, property_):
                known = headers[name]
                left = fills_gaps(step) or not known.empty  # others make an empty one anew
                if known.sure and known.setters and left:
                    yield NeverNeeded(step.span, step.type, name, known.setters)
