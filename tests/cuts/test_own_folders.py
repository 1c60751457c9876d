"""A folder that goes by the host is said, and what lies there lost, as it is on each host."""

from collections.abc import Sequence

from flumec.compiler.build import lint_text
from flumec.compiler.cuts.paths import Path, paths
from flumec.compiler.cuts.rows import Row
from flumec.compiler.cuts.shown import as_json
from flumec.compiler.proofs.claims import claims

FLEET = """\
hosts web = ["w1"]

hosts core_1 = ["c1"]{first}

hosts core_2 = ["c2"]{second}

agent a on web {{
  source main : http {{
    port = 8080
    bind = "127.0.0.1"
  }}

  channel spool : file

  main -> spool
}}

agent b on union(core_1, core_2) {{
  journal big {{
    directory = "/data/${{host.{fact}}}"
  }}

  journal more {{
    directory = "/data/c1"
  }}

  channel inbox : file {{
    journal = big
  }}

  channel left : file {{
    journal = more
  }}

  source lines : taildir {{
    files = ["/var/log/lines.log"]
  }}

  sink store : null

  sink rest : null

  inbox -> store
  lines -> left
  left -> rest
}}

a.spool => b.inbox {{
  port = 4141
  policy = {policy}
}}
"""


FOLDERS = {"c1": "/data/c1", "c2": "/data/c2"}


def found(
    policy: str, *, first: str = "", second: str = "", fact: str = "name"
) -> dict[str, Sequence[Path]]:
    """Return the paths to each sink of `b`."""
    text = FLEET.format(policy=policy, first=first, second=second, fact=fact)
    linted = lint_text(text)
    every = list(paths(linted.fleet, linted.graph, claims(linted.graph)))
    return {sink: [p for p in every if p.claim.sink[1] == sink] for sink in ("store", "rest")}


def disks(path: Path) -> dict[str, str]:
    """Return what cuts a path of disks that are not its source's, and what becomes of its events
    when they never come back.
    """
    said = (Row((path,)).words(cut) for cut in path.cuts if not cut.own)
    return {what: gone for what, _, gone in said if "disk" in what}


def site(name: str) -> str:
    return f' {{\n  site = "{name}"\n}}'


def test_a_disk_is_looked_for_on_its_own_host() -> None:
    (path,) = found("hash(header.x)", first=site("s1"), second=site("s2"))["store"]
    lost = "lost at b.inbox, what it holds is on that disk"
    assert disks(path) == {
        "disk c1:/data/c1": lost, "disk c2:/data/c1": "delayed", "disk c2:/data/c2": lost,
    }  # fmt: skip


def test_of_hosts_that_are_alike_each_has_its_own_folder() -> None:
    (path,) = found("failover", first=site("s1"), second=site("s1"))["store"]
    (said,) = disks(path)
    assert said.startswith("2 disks together: ")
    together = [each for each in as_json([path])[0]["cuts"] if each["together"]]
    (cut,) = (each for each in together if each["kind"] == "disk")
    assert dict(zip(cut["elements"], cut["folders"], strict=True)) == FOLDERS
    assert cut["folder"] is None


def test_two_folders_that_are_one_on_some_hosts_part_them() -> None:
    assert len(found("failover")["rest"]) == 2
