"""`flumec explain`: the page of a rule, or of a message in an agent's log."""

import click
from flumec.compiler.cli.failures import CannotRun, meant


@click.command("explain", short_help="Print the page of a rule or of a log message.")
@click.argument("code", required=False)
def command(code: str | None) -> int:
    """Print the page of a rule or of a message in an agent's log; without CODE, list them all.

    CODE is for instance FL203 or unknown-property, RT101 or cannot-work.
    """
    from flumec.compiler.explain import every_page, page, severity, title

    rules = every_page()
    if code is None:
        for number, rule in rules.items():
            click.echo(f"{number}  {severity(rule):7}  {rule.slug():32}  {title(rule)}")
        return 0
    names = {rule.slug(): number for number, rule in rules.items()}
    number = names.get(code.lower(), code.upper())
    if number not in rules:
        raise CannotRun(
            f"there is no rule `{code}`{meant(code.upper(), rules) or meant(code, names)}"
        )
    click.echo(page(rules[number]), nl=False)
    return 0
