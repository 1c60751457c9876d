"""Data as indented JSON with sorted keys, in ASCII: what `json.dumps(…, indent=2)` gives.

Its C encoder does not indent, and the one in Python takes a generator for each level: a large fleet
has a manifest for each host.
"""

import json
from json.encoder import encode_basestring_ascii as quoted
from typing import Any


def indented(value: Any, margin: str = "\n") -> str:
    r"""Return the text of a value whose lines begin with `margin`; all keys are strings.

    >>> print(indented({"b": [1, None], "a": {}}))
    {
      "a": {},
      "b": [
        1,
        null
      ]
    }
    """
    if isinstance(value, str):
        return quoted(value)
    inner = f"{margin}  "
    if isinstance(value, dict) and value:
        entries = [f"{inner}{quoted(key)}: {indented(value[key], inner)}" for key in sorted(value)]
        return f"{{{','.join(entries)}{margin}}}"
    if isinstance(value, list | tuple) and value:
        items = [inner + indented(item, inner) for item in value]
        return f"[{','.join(items)}{margin}]"
    return json.dumps(value)
