"""`flumec explain`: the page of a rule."""

import click
from flumec.compiler.cli.failures import CannotRun, meant


@click.command("explain", short_help="Print a rule's page.")
@click.argument("code", required=False)
def command(code: str | None) -> int:
    """Print the page of a rule, such as FL203 or unknown-property; without CODE, list all rules."""
    from flumec.compiler.explain import every_rule, page, title

    rules = every_rule()
    if code is None:
        for number, rule in rules.items():
            click.echo(f"{number}  {rule.severity:7}  {rule.slug():32}  {title(rule)}")
        return 0
    names = {rule.slug(): number for number, rule in rules.items()}
    number = names.get(code.lower(), code.upper())
    if number not in rules:
        raise CannotRun(
            f"there is no rule `{code}`{meant(code.upper(), rules) or meant(code, names)}"
        )
    click.echo(page(rules[number]), nl=False)
    return 0
