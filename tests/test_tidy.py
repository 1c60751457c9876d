"""What linters cannot hold: layers, sizes, docstrings, nothing unfinished."""

import ast
import gc
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from flumec.runtime.messages import every_message

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
UNFINISHED = re.compile(r"\b(todo|fixme|xxx)\b|not implemented yet|placeholder")


@cache
def trees() -> dict[Path, ast.Module]:
    """Return every module, read once, and only by a worker that has one of these tests."""
    return {path: ast.parse(path.read_text()) for path in MODULES}


@cache
def statements(path: Path) -> list[ast.AST]:
    """Return the statements of a module, those in others too: a tenth of all nodes."""
    return list(_held([trees()[path]]))


def _held(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        yield node
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _held(getattr(node, field, ()))


@pytest.fixture(scope="module", autouse=True)
def _read_and_forgotten() -> Iterator[None]:
    """Read the trees for all tests, and forget them.

    They are half a million objects: as long as they are there, no garbage is looked for.
    """
    gc.disable()
    yield
    statements.cache_clear()
    trees.cache_clear()
    gc.enable()


def imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield every module that the code imports."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_at_start(tree: ast.Module) -> Iterator[str]:
    """Yield what importing the module imports: its top level, without TYPE_CHECKING blocks."""
    yield from imported(tree.body)


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_module_begins_with_a_sentence() -> None:
    docs = {path: ast.get_docstring(tree) or "" for path, tree in trees().items()}

    assert [
        shown(p) for p, doc in docs.items() if not doc.split("\n\n")[0].rstrip().endswith(".")
    ] == []


def test_a_file_is_one_concept() -> None:
    assert [shown(path) for path in MODULES if path.read_text().count("\n") > 300] == []


def test_a_function_fits_on_a_screen() -> None:
    long = [
        f"{shown(path)} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for path in MODULES
        for node in statements(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > 40
    ]

    assert long == []


def test_imports_run_one_way() -> None:
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
    }
    wrong = [
        f"{shown(path)} imports {name}"
        for path in MODULES
        for name in imported(statements(path))
        if name.startswith(forbidden.get(path.relative_to(ROOT).parts[0], ("no such module",)))
    ]

    assert wrong == []


def test_networkx_stays_in_the_graph() -> None:
    users = [p for p in MODULES if any(n.startswith("networkx") for n in imported(statements(p)))]

    assert users == [ROOT / "compiler" / "graph.py"]


def test_declarations_load_nothing_heavy() -> None:
    light = [p for p in MODULES if p in DECLARING or p.is_relative_to(ROOT / "compiler")]
    heavy = [
        f"{shown(path)} loads {name}"
        for path in light
        for name in {name.split(".")[0] for name in imported_at_start(trees()[path])} & HEAVY
    ]

    assert heavy == []


def test_every_warning_and_error_in_an_agents_log_has_a_page() -> None:
    levels = {each.__name__: each.level for each in every_message().values()}
    bare = []
    for path in (p for p in MODULES if p.is_relative_to(ROOT / "runtime")):
        for node in ast.walk(trees()[path]):
            match node:
                case ast.Call(
                    func=ast.Attribute(
                        value=logger,
                        attr="warning" | "error" | "critical" | "exception" | "log" as level,
                    ),
                    args=[said, *_],
                ) if re.search(r"\blogs?\b|_log\b", ast.unparse(logger)):
                    name = ast.unparse(said.func) if isinstance(said, ast.Call) else "no message"
                    if levels.get(name) != level:
                        bare.append(f"{shown(path)}:{node.lineno} {ast.unparse(node)[:90]}")

    assert bare == [], (
        "give the logger a class of runtime/messages: log.warning(CannotWork(reason=…)); a new "
        "one needs a code, a docstring with `## What to do`, and `pytest --update tests/watch`"
    )


def test_nothing_is_left_unfinished() -> None:
    marks = [
        f"{shown(path)}: {line.strip()}"
        for path in MODULES
        for line in path.read_text().lower().splitlines()
        if UNFINISHED.search(line)
    ]

    assert marks == []
