"""The wheel ships every package and data file: an editable install would hide a forgotten one."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOPS = ("compiler", "grammar", "runtime")


def test_every_package_is_listed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    on_disk = sorted(
        ".".join(["flumec", *init.parent.relative_to(ROOT).parts])
        for top in TOPS
        for init in (ROOT / top).rglob("__init__.py")
    )

    assert on_disk == listed


def test_every_folder_with_code_is_a_package() -> None:
    bare = [
        str(path.parent.relative_to(ROOT))
        for top in TOPS
        for path in (ROOT / top).rglob("*.py")
        if not (path.parent / "__init__.py").exists()
    ]

    assert bare == []


def test_every_data_file_matches_a_shipped_pattern() -> None:
    shipped = {".py", ".j2", ".lark", ".tables", ".typed"}
    others = [
        str(path.relative_to(ROOT))
        for top in TOPS
        for path in (ROOT / top).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in shipped
    ]

    assert others == []
