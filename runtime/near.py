"""The folder that was meant where one is named that is not there."""

import difflib
from pathlib import Path


def no_folder(named: Path) -> str:
    """Return `: there is no such folder; did you mean …?` where there is none, else nothing."""
    if named.exists():
        return ""
    try:
        beside = [each.name for each in named.absolute().parent.iterdir() if each.is_dir()]
    except OSError:
        beside = []
    near = difflib.get_close_matches(named.name, beside, n=1, cutoff=0.5)
    asked = f"; did you mean `{named.with_name(near[0])}`?" if near else ""
    return f": there is no such folder{asked}"
