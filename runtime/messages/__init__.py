"""What an agent warns of: a class for each message, whose docstring is its page."""

import pkgutil
from functools import cache
from importlib import import_module

from flumec.runtime.messages.message import BY_CODE, Message


@cache
def every_message() -> dict[str, type[Message]]:
    """Return every message by its code, in order."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        import_module(module.name)
    return dict(sorted(BY_CODE.items()))
