"""What linters cannot hold: layers, sizes, docstrings, nothing unfinished."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    p for top in ("compiler", "grammar", "runtime") for p in (ROOT / top).rglob("*.py")
)
HEAVY = {"pyarrow", "aiohttp", "msgspec", "hdfs", "networkx", "prometheus_client", "inotify_simple"}
DECLARING = [
    ROOT / "runtime" / name
    for name in (
        "__init__.py",
        "agent.py",
        "component.py",
        "components.py",
        "quantity.py",
        "route.py",
    )
] + [
    path
    for folder in ("sources", "channels", "sinks", "interceptors")
    for path in (ROOT / "runtime" / folder).glob("*.py")
]
UNFINISHED = re.compile(
    r"\bTODO\b|\bFIXME\b|\bXXX\b|not implemented yet|placeholder", re.IGNORECASE
)

pytestmark = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield every module that the code imports anywhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_at_start(tree: ast.Module) -> Iterator[str]:
    """Yield what importing the module imports: top level, without TYPE_CHECKING blocks."""
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imported(ast.Module([node], []))


def test_it_begins_with_a_sentence(path: Path) -> None:
    doc = ast.get_docstring(parse(path))

    assert doc
    assert doc.split("\n\n")[0].rstrip().endswith((".", "`."))


def test_a_file_is_one_concept(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def test_a_function_fits_on_a_screen(path: Path) -> None:
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > 40
    ]

    assert long == []


def test_imports_run_one_way(path: Path) -> None:
    top = path.relative_to(ROOT).parts[0]
    forbidden = {
        "runtime": (
            "flumec.compiler",
            "flumec.grammar",
            "lark",
            "jinja2",
            "networkx",
            "click",
            "rich",
        ),
        "grammar": ("flumec.",),
        "compiler": (),
    }[top]

    wrong = (
        [name for name in imported(parse(path)) if name.startswith(forbidden)] if forbidden else []
    )

    assert wrong == []


def test_networkx_stays_in_the_graph(path: Path) -> None:
    names = set(imported(parse(path)))

    assert path == ROOT / "compiler" / "graph.py" or not any(
        n.startswith("networkx") for n in names
    )


def test_declarations_load_nothing_heavy(path: Path) -> None:
    if path not in DECLARING and path.relative_to(ROOT).parts[0] != "compiler":
        pytest.skip("not a module that `flumec lint` loads")
    if path == ROOT / "compiler" / "graph.py":
        pytest.skip("imported by the passes only when a graph question is asked")

    heavy = {name.split(".")[0] for name in imported_at_start(parse(path))} & HEAVY

    assert heavy == set()


def test_nothing_is_left_unfinished(path: Path) -> None:
    marks = [line for line in path.read_text().splitlines() if UNFINISHED.search(line)]

    assert marks == []
