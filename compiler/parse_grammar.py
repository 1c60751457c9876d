"""What lark makes of the grammar: the tables of its parser as plain data, fit for JSON.

Lark's work takes three times as long as all else that `flumec lint` does with a small file, and
importing it a tenth, so both are done when the grammar has changed, and never at a user's.
"""

from collections.abc import Collection, Iterator
from typing import Any

from lark import Lark
from lark.grammar import Rule, Terminal
from lark.lexer import Lexer, PatternStr, TerminalDef
from lark.parsers.lalr_analysis import Shift

Moves = dict[str, int]


class _NoLexer(Lexer):
    """Keeps lark from making a lexer, which `parse_tokens` replaces."""

    def __init__(self, conf: Any) -> None:
        self.conf = conf

    def lex(self, *_: Any) -> Any:
        """Yield nothing; only lark's tables are used."""
        return iter(())


def read_grammar(syntax: str) -> dict[str, Any]:
    """Return the tables of a grammar. A conflict in it is an error (`strict`).

    `actions` has for each state what a terminal does: a state to go to, or -1, -2, … for the rule
    at 0, 1, … in `rules` that is complete; `leads` has where a rule goes from there. The first
    state is 0, the others stand in the order in which they are reached: one grammar has one text.
    """
    grammar = Lark(syntax, parser="lalr", lexer=_NoLexer, strict=True)
    automaton = grammar.parse_interactive("").parser_state.parse_conf
    rules = {rule: -1 - index for index, rule in enumerate(sorted(grammar.rules, key=_in_order))}
    numbers = {automaton.start_state: 0}
    actions, leads = [], []
    for state in (reached := [automaton.start_state]):
        terminals: Moves = {}
        nodes: Moves = {}
        for symbol, (action, argument) in sorted(automaton.states[state].items()):
            if action is not Shift:
                terminals[symbol] = rules[argument]
                continue
            if argument not in numbers:
                numbers[argument] = len(numbers)
                reached.append(argument)
            (terminals if symbol.isupper() else nodes)[symbol] = numbers[argument]
        actions.append(terminals)
        leads.append(nodes)
    return {
        "rules": [_described(rule) for rule in rules],
        "actions": actions,
        "leads": leads,
        "words": {t.pattern.value: t.name for t in grammar.terminals if _is_word(t)},
        "pattern": _pattern(grammar.terminals),
    }


def _in_order(rule: Rule) -> tuple[str, int]:
    return rule.origin.name, rule.order


def _described(rule: Rule) -> list[Any]:
    """Return the rule's name, its node's name, its size, and its parts: their numbers in it, and
    whether each is a list whose parts are meant.

    A node has no name where it is its only part (`?` before the rule), or the list of them (`_`).
    """
    name, parts = rule.origin.name, list(_parts(rule))
    if rule.options.expand1 and not rule.alias:
        assert len(parts) == 1, f"`?{name}` has alternatives of more than one part"
        node = ""
    else:
        node = "" if name.startswith("_") else rule.alias or name
    return [name, node, len(rule.expansion), parts]


def _parts(rule: Rule) -> Iterator[tuple[int, bool]]:
    """Yield the parts of a rule that leave a trace."""
    for index, symbol in enumerate(rule.expansion):
        if not isinstance(symbol, Terminal):
            yield index, symbol.name.startswith("_")
        elif not symbol.filter_out:
            yield index, False


def _is_word(terminal: TerminalDef) -> bool:
    return isinstance(terminal.pattern, PatternStr) and terminal.pattern.value.isidentifier()


def _pattern(terminals: Collection[TerminalDef]) -> str:
    """Join the terminals, the more important first. Words are names until looked up."""
    rest = [t for t in terminals if not _is_word(t) and not t.name.startswith("__IGNORE")]
    rest.sort(key=lambda t: (-t.priority, -t.pattern.max_width, t.name))
    return "[ \t]*+(?:" + "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in rest) + ")"
