"""The installer of a host's folder: one program, joined from the modules of compiler/installer.

A host has nothing of flumec when it runs, so it is one readable file with only the standard library
in it. It is written as modules, which linters and type checkers see; they are joined as they are.
"""

import ast
from collections.abc import Sequence
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "installer"
MODULES = (
    "saying",
    "paths",
    "files",
    "bundle",
    "drained",
    "systemd",
    "wheels",
    "runtime",
    "versions",
    "agents",
    "ports",
    "reading",
    "teams",
    "checks",
    "applying",
    "purging",
    "removing",
    "command",
)
"""In the order in which they stand in the program: each uses those above it."""
_OURS = "flumec.compiler.installer"

_HEAD = """\
#!/usr/bin/env python3
{docstring}
# Joined by flumec from its compiler/installer/*.py; needs Python's standard library and systemd.

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "install: this is Python %d.%d, and the agents need 3.11 or newer; run it as "
        "`python3.11 install …`" % sys.version_info[:2]
    )

{imports}
"""


@cache
def installer() -> bytes:
    """Return the program, the same for all hosts."""
    modules = [(name, (FOLDER / f"{name}.py").read_text("utf-8")) for name in MODULES]
    head = _HEAD.format(docstring=_docstring(modules[-1][1]), imports=_imports(modules))
    return (head + "".join(_part(source) for _, source in modules)).encode()


def _imports(modules: Sequence[tuple[str, str]]) -> str:
    """Return what all modules import of the standard library, each once."""
    plain: set[str] = set()
    named: dict[str, set[str]] = {}
    for _, source in modules:
        for node in ast.parse(source).body:
            if isinstance(node, ast.Import):
                plain.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not f"{node.module}.".startswith(f"{_OURS}."):
                named.setdefault(str(node.module), set()).update(each.name for each in node.names)
    lines = [f"import {name}" for name in sorted(plain - {"sys"})]
    lines += [f"from {name} import {', '.join(sorted(named[name]))}" for name in sorted(named)]
    return "\n".join(lines)


def _part(source: str) -> str:
    """Return a module behind its imports, under a line that says what it is for."""
    tree = ast.parse(source)
    code = [n for n in tree.body[1:] if not isinstance(n, ast.Import | ast.ImportFrom)]
    title = str(ast.get_docstring(tree)).partition("\n")[0].rstrip(".")
    return f"\n\n# {title}\n# {'-' * len(title)}\n\n\n{_from(source, code[0])}"


def _from(source: str, node: ast.stmt) -> str:
    """Return the text from a statement on, with the comments and decorators right above it."""
    lines = source.splitlines()
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(each.lineno for each in decorators)]) - 1
    while lines[first - 1].startswith("#"):
        first -= 1
    return "\n".join(lines[first:]) + "\n"


def _docstring(source: str) -> str:
    return f'"""{ast.get_docstring(ast.parse(source))}\n"""'
