"""A picture as JSON, for other programs."""

import json
from dataclasses import asdict

from flumec.compiler.draw.picture import Picture


def to_json(picture: Picture) -> str:
    """Return {"format_version", "boxes", "edges", "layers"}, the fields as in `picture`."""
    return json.dumps({"format_version": 1, **asdict(picture)}, indent=2, ensure_ascii=False) + "\n"
