"""The pages of all rules: docs/rules.md lists them, docs/gallery.md shows every message."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from flumec.compiler.build import compile_text, lint_text
from flumec.compiler.configuration.reading import read_settings
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.explain import every_rule, examples, title
from flumec.compiler.options import Options
from flumec.compiler.render import as_text

_MADE = """\
<!-- Made from the rules' pages: change those, then `pytest --update tests/test_reference.py` -->"""

_THEMES = {
    "FL0": "Syntax",
    "FL08": "Settings",
    "FL1": "Names",
    "FL2": "Properties and values",
    "FL3": "The graph: chains, channels, links",
    "FL4": "Headers",
    "FL5": "Hosts and what they share",
    "FL6": "Proofs and tests",
    "FL7": "Not possible yet",
    "FL9": "What works, and may not be meant",
}
"""By the beginning of a code."""


def about(files: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """Return what is said about the files of a page's example, of which the first is the main.

    Tests in one that nothing else is said about are run.
    """
    return _about(tuple(files.items()))


@cache  # both pages ask about the same examples
def _about(files: tuple[tuple[str, str], ...]) -> tuple[Diagnostic, ...]:
    (name, text), *others = files
    settings = dict(files).get("flumec.toml")
    read = read_settings(Path("flumec.toml"), settings.encode()) if settings is not None else None
    linted = lint_text(text, name, dict(others), Options(settings=read))
    if linted.diagnostics or not linted.fleet.trials:
        return linted.diagnostics
    from flumec.compiler.trials.running import Runs

    plan = compile_text(text, name, dict(others)).plan
    assert plan is not None
    runs = Runs(linted.fleet, plan, linted.fleet.trials, 0)
    return tuple(each.finding for each in runs.all(1) if each.finding is not None)


def table() -> str:
    """Return docs/rules.md: all rules by theme."""
    head = f"""\
# Rules

{_MADE}

`flumec explain CODE` shows the page of a rule: why it is, an example, and what to write instead.
[gallery.md](gallery.md) shows every message; [ci.md](ci.md) says who else reads them, and how
warnings and notes are turned off and on. An error never is: nothing could be built from the file.

`flumec lint --fix` mends in the files what is certain, `--fix --unsafe` also what is probably
meant, and `--diff` shows it instead; here it is said of the rule's own example. Only the files that
are named change, and nothing but what is mended.
"""
    return "\n".join([head, *_tables()])


def _tables() -> Iterator[str]:
    for theme, rules in _by_theme():
        yield f"## {theme}\n"
        yield "| code | name | severity | mended by | |"
        yield "| --- | --- | --- | --- | --- |"
        for rule in rules:
            cells = (rule.code, f"`{rule.slug()}`", rule.severity, _mended_by(rule), title(rule))
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
        yield ""


def _mended_by(rule: type[Diagnostic]) -> str:
    fixes = [finding.fix for finding in about(examples(rule)[0])]
    return next(("`--fix`" if fix.safe else "`--unsafe`" for fix in fixes if fix), "")


def gallery() -> str:
    """Return docs/gallery.md: what a user sees of each rule, from the example on its page."""
    head = f"""\
# Every message

{_MADE}

What `flumec lint` says about the example on each rule's page. [rules.md](rules.md) lists the rules;
`flumec explain CODE` shows the example, and what to write instead.
"""
    return "\n".join([head, *_shown()])


def _shown() -> Iterator[str]:
    for theme, rules in _by_theme():
        yield f"## {theme}\n"
        for rule in rules:
            yield f"### {rule.code} {rule.slug()}\n\n{title(rule)}\n"
            yield "```"
            yield "\n\n".join(as_text(finding) for finding in about(examples(rule)[0]))
            yield "```\n"


def _by_theme() -> Iterator[tuple[str, list[type[Diagnostic]]]]:
    for begin, theme in _THEMES.items():
        rules = [rule for code, rule in every_rule().items() if _begin_of(code) == begin]
        if rules:
            yield theme, rules


def _begin_of(code: str) -> str:
    return max((begin for begin in _THEMES if code.startswith(begin)), key=len)
