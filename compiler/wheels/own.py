"""flumec's own wheel for hosts: the runtime alone, as it stands beside this compiler."""

from functools import cache
from importlib import metadata
from pathlib import Path

from flumec.compiler.wheels.needs import runtime_requirements
from flumec.compiler.wheels.wheel import make_wheel


def own_name() -> str:
    """Return the file name of the wheel."""
    return f"flumec-{metadata.version('flumec')}-py3-none-any.whl"


@cache
def own_wheel() -> bytes:
    """Return the wheel: from the same flumec the same bytes."""
    from flumec import runtime

    top = Path(runtime.__file__).parent
    files = {
        f"flumec/runtime/{path.relative_to(top).as_posix()}": path.read_bytes()
        for path in top.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    version = metadata.version("flumec")
    lines = [
        "Metadata-Version: 2.1",
        "Name: flumec",
        f"Version: {version}",
        "Summary: What flumec's agents run with",
        "License: Apache-2.0",
        "Provides-Extra: dedup",
        *(f"Requires-Dist: {requirement}" for requirement in runtime_requirements()),
    ]
    return make_wheel("flumec", version, files, "\n".join(lines) + "\n")
