"""Naming rules: by code, by name, by the beginning of codes, or all of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from flumec.compiler.diagnostic import BY_CODE, Diagnostic

ALL, DEFAULT = "all", "default"
"""Every rule there is; every rule but those that have to be asked for."""

Rule = type[Diagnostic]


def closeness(selector: str, rule: Rule) -> int:
    """Return how exactly a selector means a rule; -1 if it does not.

    One that has to be asked for is meant by its code, its name or `all`, and by no beginning.

    >>> from flumec.compiler.passes.names import UnusedName
    >>> [closeness(word, UnusedName) for word in ("FL901", "unused-name", "FL9", "all", "FL1")]
    [9, 9, 3, 0, -1]
    """
    if selector in (rule.code, rule.slug()):
        return 9
    if selector == ALL or (selector == DEFAULT and not rule.opt_in):
        return 0
    if rule.opt_in or not _is_prefix(selector) or not rule.code.startswith(selector):
        return -1
    return len(selector)


def is_on(rule: Rule, select: Iterable[str], ignore: Iterable[str]) -> bool:
    """Return whether a rule speaks: the most exact word decides, of two equals `ignore`.

    An error always does.
    """
    if rule.severity == "error":
        return True
    wanted = max((closeness(each, rule) for each in select), default=-1)
    unwanted = max((closeness(each, rule) for each in ignore), default=-1)
    return wanted > unwanted


def meant_by(selector: str) -> list[Rule]:
    """Return the rules that a selector means; none if it is no selector."""
    return [rule for rule in _known(selector) if closeness(selector, rule) >= 0]


def names() -> list[str]:
    """Return the names of all rules, and the words that mean many."""
    from flumec.compiler.explain import every_rule

    return [DEFAULT, ALL, *(rule.slug() for rule in every_rule().values())]


def _known(selector: str) -> Sequence[Rule]:
    """Return the rules that are loaded for linting, else all: most of those of syntax are not."""
    import flumec.compiler.bind
    import flumec.compiler.passes  # noqa: F401 linting needs them too

    loaded: Any = list(BY_CODE.values())
    if any(closeness(selector, rule) >= 0 for rule in loaded):
        return loaded  # type: ignore[no-any-return]
    from flumec.compiler.explain import every_rule

    return list(every_rule().values())


def _is_prefix(selector: str) -> bool:
    return selector.startswith("FL") and (selector[2:].isdigit() or selector == "FL")
