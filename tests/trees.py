"""What lies below a folder, to be compared."""

from pathlib import Path


def tree(root: Path) -> dict[str, object]:
    """Return every file and link below a root."""
    return {
        path.relative_to(root).as_posix(): path.readlink()
        if path.is_symlink()
        else (path.stat().st_mode, path.read_bytes())
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }
