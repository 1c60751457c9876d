"""Groups of sinks: `failover(a, b, in_doubt = wait)`, `balance(a, b)`."""

from functools import cache
from typing import Literal

from flumec.compiler.bind.properties import Form, form_of
from flumec.runtime.component import Declared, prop

GROUPS = ("failover", "balance")


class GroupSettings(Declared, type="group"):
    """What a group takes besides its members."""

    in_doubt: Literal["wait", "resend"] = prop(
        "What happens to what a lost member may have: it waits for that one, or goes to another.",
        default="resend",
    )


@cache
def group_form(kind: str) -> Form:
    """Return the named arguments of a group."""
    form = form_of(GroupSettings)
    return Form(f"`{kind}`", form.fields, GroupSettings, noun="argument")
