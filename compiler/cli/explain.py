"""`flumec explain`: the page of a rule, or of a message in an agent's log."""

import click
from flumec.compiler.cli.failures import CannotRun, meant


@click.command("explain", short_help="Print the page of a rule or of a log message.")
@click.argument("words", metavar="[CODE]...", nargs=-1)
def command(words: tuple[str, ...]) -> int:
    """Print the page of a rule or of a message in an agent's log; without CODE, list them all.

    CODE is for instance FL203 or unknown-property, RT101 or cannot-work; the beginning of codes,
    such as FL9, lists those.
    """
    from flumec.compiler.explain import every_page, page

    rules = every_page()
    names = {rule.slug(): code for code, rule in rules.items()}
    pages: list[str] = []
    for word in words or ("",):
        code = names.get(word.lower(), word.upper())
        if code in rules:
            pages.append(page(rules[code]))
        elif listed := [each for each in rules if each.startswith(code)]:
            pages.append("".join(f"{_line(each)}\n" for each in listed))
        else:
            near = meant(code, rules) if code[:2] in {"FL", "RT"} else meant(word.lower(), names)
            raise CannotRun(f"there is no rule `{word}`{near}")
    click.echo("\n".join(pages), nl=False)
    return 0


def _line(code: str) -> str:
    from flumec.compiler.explain import every_page, severity, title

    rule = every_page()[code]
    return f"{code}  {severity(rule):7}  {rule.slug():32}  {title(rule)}"
