"""What a test sends, against the headers that its source declares."""

import re
from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place, closest
from flumec.compiler.graph import Graph
from flumec.compiler.headers.entering import full
from flumec.compiler.headers.steps import place_of, shown
from flumec.compiler.model import Component, Fleet, Settings, Statement, Value
from flumec.compiler.source import Span
from flumec.runtime.sources.headers import ClientHeaders


class SentInVain(Diagnostic, code="FL409", severity="warning"):
    """A test sends a header that its source does not take, or leaves out one that it requires.

    The source answers such a request 400 and stores nothing of it, or stores the events without
    that header, as its `headers` say. Where the test is about just that, silence this with that as
    the reason.

    ## Example

    ```flow
    hosts edge = ["edge-1"]

    agent gateway on edge {
      source events : http {
        port = 8080
        bind = "127.0.0.1"

        headers {
          required = [header.kind]
        }
      }

      channel spool : file

      sink out : file_roll {
        directory = "/srv/events"
      }

      events -> spool
      spool -> out
    }

    test "a click arrives" {
      send(gateway.events, headers(knid = "click"), body = "user=ann")
      expect(gateway.out, count = 1)
    }
    ```

    ## Instead

    ```flow
    hosts edge = ["edge-1"]

    agent gateway on edge {
      source events : http {
        port = 8080
        bind = "127.0.0.1"

        headers {
          required = [header.kind]
        }
      }

      channel spool : file

      sink out : file_roll {
        directory = "/srv/events"
      }

      events -> spool
      spool -> out
    }

    test "a click arrives" {
      send(gateway.events, headers(kind = "click"), body = "user=ann")
      expect(gateway.out, count = 1)
    }
    ```
    """

    what: str
    near: str
    declared: Span

    @property
    def message(self) -> str:
        return self.what

    @property
    def hint(self) -> str:
        return self.near

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.declared, "the headers of its clients' events"),)


def check_sent_headers(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield each `send` whose headers are not those that its source takes."""
    for trial in fleet.trials:
        for statement in trial.statements:
            source = _target(fleet, statement)
            block = None if source is None else source.values.get("headers")
            if source is not None and block is not None and isinstance(block.value, Settings):
                yield from _of_send(statement, source, block)


def _target(fleet: Fleet, said: Statement) -> Component | None:
    end = said.get("to") if said.function == "send" else None
    agent = None if end is None else fleet.agents.get(end.agent)
    return agent.components.get(end.component) if end is not None and agent is not None else None


def _of_send(said: Statement, source: Component, block: Value) -> Iterator[SentInVain]:
    assert source.declaration is not None
    values = full(source.declaration, source.values)
    declared = None if values is None else values.get("headers")
    if not isinstance(declared, ClientHeaders):
        return
    name, held = f"`{said.get('to').agent}.{source.name}`", said.values.get("headers")
    sent = {} if held is None else dict(held.value)
    place = said.span if held is None else held.span
    strange = [one for one in sent if one not in declared.listed]
    for each in map(str, declared.required):
        if each not in sent:
            what = f"{name} answers this 400: it requires `{shown(each)}`"
            meant = [one for one in strange if closest(one, [each])]
            near = f"did you mean `{each}`?" if meant else f'`headers({each} = "…")`'
            yield SentInVain(_named(meant[0], place) if meant else place, what, near, block.key)
            return
    for one in strange if declared.others != "keep" else ():
        does = "leaves out" if declared.others == "drop" else "answers this 400: it takes no"
        near = closest(one, declared.listed) or "list it in `optional`, if clients send it"
        yield SentInVain(_named(one, place), f"{name} {does} `{shown(one)}`", near, block.key)


def _named(name: str, span: Span) -> Span:
    """Return where `headers(…)` names a header: `kind = …`, or `header["X-Id"] = …`."""
    found = re.search(rf"\b{re.escape(name)}(?=\s*=)", span.source.text[span.start : span.end])
    if found is None:
        return place_of(name, span)
    return Span(span.source, span.start + found.start(), span.start + found.end())
