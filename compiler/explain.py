"""The rules and their pages: a rule's docstring is its page."""

import inspect
import pkgutil
from functools import cache
from importlib import import_module

from flumec.compiler.diagnostic import BY_CODE, Diagnostic

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


def title(rule: type[Diagnostic]) -> str:
    """Return the first line of a rule's page."""
    return inspect.cleandoc(rule.__doc__ or "").partition("\n")[0]


def page(rule: type[Diagnostic]) -> str:
    """Return a rule's page as Markdown."""
    rest = inspect.cleandoc(rule.__doc__ or "").partition("\n")[2].strip()
    head = f"# {rule.code} {rule.slug()} ({rule.severity})\n\n{title(rule)}"
    return f"{head}\n\n{rest}\n" if rest else f"{head}\n"
