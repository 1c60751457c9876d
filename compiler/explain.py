"""The rules, the agents' messages, and their pages: a docstring each."""

import inspect
import pkgutil
import re
from functools import cache
from importlib import import_module

from flumec.compiler.diagnostic import BY_CODE, Diagnostic
from flumec.runtime.messages import every_message
from flumec.runtime.messages.message import Message

_SPEAKING = (
    "parse",
    "recover",
    "silence",
    "bind",
    "passes",
    "proofs",
    "headers",
    "configuration",
    "unexpected",
)
"""How the names of the modules begin that have something to say."""

_FENCE = re.compile(r"```(flow|ini|yaml|toml|flowvars)((?: [\w./-]+)*)\n(.*?)```", re.DOTALL)


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


def examples(rule: type[Diagnostic]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the files of a page's example, and of what it says to write instead, by name.

    A fence names its file behind its kind (```ini hosts.ini); the first one need not. `escaped`
    before the name says that the text has backslashes for what a page cannot show.
    """
    _, _, rest = page(rule).partition("\n## Example\n")
    example, _, instead = rest.partition("\n## Instead\n")
    return _files(example), _files(instead)


def _files(section: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for kind, words, text in _FENCE.findall(section):
        *flags, name = words.split() or [f"main.{kind}"]
        if name == "escaped":
            flags, name = [name], f"main.{kind}"
        found[name] = text.encode().decode("unicode_escape") if "escaped" in flags else text
    return found


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
