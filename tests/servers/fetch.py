"""Fetch the jars of all servers, so that no test waits for it: `python tests/servers/fetch.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from servers.jars import HERE, jars, java

if __name__ == "__main__":
    print(java())
    for pom in sorted(HERE.glob("*.xml")):
        folder = jars(pom.stem)
        size = sum(jar.stat().st_size for jar in folder.iterdir())
        print(f"{folder}: {size / 1e6:.0f} MB")
