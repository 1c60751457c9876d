"""The jars of servers that tests run against, from Maven Central, fetched once.

They are kept in FLUMEC_CACHE, or ~/.cache/flumec-tests. Where FLUMEC_REQUIRE_SERVERS is 1, a server
that can't be had is a failure; elsewhere the tests that need it are skipped, with the reason.
"""

import fcntl
import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"


class Missing(Exception):  # noqa: N818 a fact about the machine
    """A server can't be had on this machine; the message says why."""


def required() -> bool:
    return os.environ.get("FLUMEC_REQUIRE_SERVERS") == "1"


def java() -> str:
    """Return the path of a Java that can run servers."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin" if home else None)
    if found is None:
        raise Missing("there is no Java: install default-jre-headless")
    return found


def jars(name: str) -> Path:
    """Return the folder with what `<name>.xml` lists; it is fetched if it isn't there yet."""
    pom = HERE / f"{name}.xml"
    digest = sha256(pom.read_bytes()).hexdigest()[:12]
    default = Path.home() / ".cache" / "flumec-tests"
    cache = Path(os.environ.get("FLUMEC_CACHE") or default)
    folder = cache / f"{name}-{digest}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _fetch(pom, folder)
    return folder


def _fetch(pom: Path, folder: Path) -> None:
    """Have Maven copy the jars; a repository of its own, which is removed, saves as much again."""
    maven = shutil.which("mvn")
    if maven is None:
        raise Missing("there is no Maven to fetch the jars with: install maven")
    work = folder.with_suffix(".part")
    shutil.rmtree(work, ignore_errors=True)
    command = [
        maven, "--batch-mode", "--quiet", f"--file={pom}", f"-Dmaven.repo.local={work}/repository",
        f"{PLUGIN}:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={work}/jars",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    try:
        if done.returncode:
            raise Missing(f"Maven could not fetch the jars: {(done.stdout + done.stderr)[-2000:]}")
        (work / "jars").rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
