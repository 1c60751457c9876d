"""The automaton that runs the grammar's tables: terminals go in, nodes come out."""

from typing import Any

from flumec.compiler.parse_tables import START, Reduce, tables
from flumec.compiler.parse_tokens import Token


class Machine:
    """An LALR(1) stack. What lies below a mark is never touched by what is fed above it."""

    def __init__(self) -> None:
        self._actions, self._leads, *_ = tables()
        self._states = [START]
        self._values: list[Any] = []

    def feed(self, token: Token) -> bool:
        """Take one token; False if it cannot follow, with the stack as the reductions left it."""
        terminal, states, actions = token.terminal, self._states, self._actions
        while (action := actions[states[-1]].get(terminal)) is not None:
            if isinstance(action, int):
                states.append(action)
                self._values.append(token.value)
                return True
            self._reduce(action)
            if action.rule == "start":
                return True
        return False

    def _reduce(self, action: Reduce) -> None:
        size, make, rule = action
        states, values = self._states, self._values
        if size:
            parts = values[-size:]
            del states[-size:], values[-size:]
        else:
            parts = []
        values.append(make(parts))
        if rule != "start":
            states.append(self._leads[states[-1]][rule])

    @property
    def result(self) -> Any:
        """The node on top: the whole file's items once END was fed."""
        return self._values[-1]

    def mark(self, terminal: str) -> int:
        """Finish what is complete if `terminal` is next, and return a mark to return to."""
        while isinstance(action := self._actions[self._states[-1]].get(terminal), Reduce):
            self._reduce(action)
        return len(self._states)

    def back(self, mark: int) -> None:
        """Forget what was fed since `mark`."""
        del self._states[mark:], self._values[mark - 1 :]

    def expected(self) -> frozenset[str]:
        """Return the terminals that may really follow (tables alone promise a few too many)."""
        return frozenset(t for t in self._actions[self._states[-1]] if self._shifts(t))

    def _shifts(self, terminal: str) -> bool:
        states = list(self._states)
        while (action := self._actions[states[-1]].get(terminal)) is not None:
            if isinstance(action, int) or action.rule == "start":
                return True
            if action.size:
                del states[-action.size :]
            states.append(self._leads[states[-1]][action.rule])
        return False
