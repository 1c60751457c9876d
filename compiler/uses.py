"""Where a name stands in a file, and how far its declaration goes: what a fix has to touch."""

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

from flumec.compiler import tree
from flumec.compiler.parse import parse
from flumec.compiler.parse_tokens import Token, scan
from flumec.compiler.source import Source, Span

_NOT_A_USE = {"EQUAL", "LPAR", "COLON"}
"""What follows a name that is a property's, a function's or a parameter's."""


@lru_cache(maxsize=8)
class Uses:
    """The names of one file; it is read once, however many findings ask."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._tokens = list(scan(source))
        self._at: dict[str, list[int]] = defaultdict(list)
        for number, token in enumerate(self._tokens):
            if token.terminal == "NAME":
                self._at[token.value.text].append(number)
        self._declared = dict(_declared(parse(source)[0].items))
        agents = [each for each in self._declared.values() if isinstance(each, tree.Agent)]
        self._agents = {agent.name.text: agent for agent in agents}

    def of_component(self, agent: str, component: str) -> list[Span]:
        """Return where a component is named: in its agent alone, elsewhere behind the agent's."""
        declared = self._agents.get(agent)
        if declared is None or declared.block is None:
            return []
        block = declared.block.span
        own = [self._tokens[number] for number in self._free(component)]
        behind = [number for number in self._at[component] if self._is_behind(number, agent)]
        found = [
            *(token for token in own if _within(token, block)),
            *(self._tokens[number] for number in behind),
        ]
        return [self._span(token) for token in found]

    def component(self, agent: str, name: Span) -> tree.Component | None:
        """Return the declaration of the component of an agent whose name stands there."""
        declared = self._agents.get(agent)
        for each in declared.block.statements if declared is not None and declared.block else ():
            if isinstance(each, tree.Component) and each.name.span == name:
                return each
        return None

    def _free(self, name: str) -> Iterator[int]:
        """Yield where a name stands for itself: behind no dot, and as no key, type or function."""
        for number in self._at[name]:
            before = self._tokens[number - 1].terminal
            after = self._tokens[number + 1].terminal
            if before == "KIND" or (before not in {"DOT", "COLON"} and after not in _NOT_A_USE):
                yield number

    def _is_behind(self, number: int, agent: str) -> bool:
        """Return whether a name is the second of `agent.name`, alone or before a dot."""
        dot, name = self._tokens[number - 1], self._tokens[number - 2]
        first = self._tokens[number - 3].terminal != "DOT"
        named = name.terminal == "NAME" and name.value.text == agent
        return dot.terminal == "DOT" and named and first

    def _span(self, token: Token) -> Span:
        return Span(self._source, token.start, token.end)

    def declaration(self, name: Span) -> Span | None:
        """Return the whole lines of what is declared at `name`, with its documentation.

        Of the empty lines around them one goes too.
        """
        found = self._declared.get(name.start)
        if found is None:
            return None
        text = self._source.text
        start = text.rfind("\n", 0, found.span.start) + 1
        while start and (above := text.rfind("\n", 0, start - 1) + 1) < start:
            if not text[above:start].lstrip(" \t").startswith("##"):
                break
            start = above
        end = text.find("\n", found.span.end) + 1 or len(text)
        empty = text.find("\n", end) + 1
        if empty and not text[end:empty].strip():
            end = empty
        return Span(self._source, start, end)


def _within(token: Token, span: Span) -> bool:
    return span.start <= token.start < span.end


_Declared = tree.Import | tree.Param | tree.Let | tree.Hosts | tree.Template | tree.Agent


def _declared(items: tuple[tree.Item, ...]) -> Iterator[tuple[int, _Declared | tree.Section]]:
    """Yield what has a name, by where that begins."""
    for item in items:
        if isinstance(item, _Declared):
            yield item.name.span.start, item
        if isinstance(item, tree.Agent) and item.block:
            for statement in item.block.statements:
                if isinstance(statement, tree.Section):
                    name = statement.label or statement.name
                    yield name.span.start, statement
