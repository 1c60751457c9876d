"""The rules, the agents' messages, and their pages: a docstring each."""

import inspect
import pkgutil
from functools import cache
from importlib import import_module

from flumec.compiler.diagnostic import BY_CODE, Diagnostic
from flumec.runtime.messages import every_message
from flumec.runtime.messages.message import Message

_SPEAKING = ("parse", "recover", "silence", "bind", "passes")
"""How the names of the modules begin that have something to say."""


@cache
def every_rule() -> dict[str, type[Diagnostic]]:
    """Return every rule by its code, in order."""
    compiler = import_module("flumec.compiler")
    for module in pkgutil.walk_packages(compiler.__path__, "flumec.compiler."):
        if module.name.split(".")[2].startswith(_SPEAKING):
            import_module(module.name)
    return dict(sorted(BY_CODE.items()))


def every_page() -> dict[str, type[Diagnostic] | type[Message]]:
    """Return every rule of the compiler, and every message of an agent, by its code."""
    return {**every_rule(), **every_message()}


def severity(of: type[Diagnostic] | type[Message]) -> str:
    """Return how bad it is: `error`, `warning` or `note`."""
    return of.severity if issubclass(of, Diagnostic) else of.level


def title(rule: type[Diagnostic] | type[Message]) -> str:
    """Return the first line of a rule's page."""
    return inspect.cleandoc(rule.__doc__ or "").partition("\n")[0]


def page(rule: type[Diagnostic] | type[Message]) -> str:
    """Return a rule's page as Markdown."""
    rest = inspect.cleandoc(rule.__doc__ or "").partition("\n")[2].strip()
    head = f"# {rule.code} {rule.slug()} ({severity(rule)})\n\n{title(rule)}"
    return f"{head}\n\n{rest}\n" if rest else f"{head}\n"


def messages() -> str:
    """Return the page of all messages, docs/messages.md."""
    head = """\
# What an agent's log warns of

<!-- Made from runtime/messages; change it there, then `pytest --update tests/watch`. -->

Every warning and error in an agent's log ends in its code, as in
`WARNING out cannot work for now: … [RT101]`. `flumec explain RT101` shows one of these pages.
"""
    pages = (page(message).replace("\n## ", "\n### ") for message in every_message().values())
    return "\n".join([head, *(f"#{text}" for text in pages)])
