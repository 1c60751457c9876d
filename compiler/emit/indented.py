"""Data as indented JSON with sorted keys, in ASCII: what `json.dumps(…, indent=2)` gives.

Python's encoder indents in Python, at five times the cost, and a large fleet has a manifest for
each host.
"""

import json
from typing import Any


def indented(data: Any) -> str:
    """Return the text of data whose keys are all strings."""
    import msgspec

    text = json.dumps(data, sort_keys=True, ensure_ascii=True)
    try:
        return msgspec.json.format(text, indent=2)
    except msgspec.DecodeError:  # half a pair of surrogates: a byte of a file's name, not in UTF-8
        return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=True)
