"""Of its host's data an agent sees what its flow names, with the group that may read it."""

import dataclasses

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.emit.unit import unit
from test_units import PLAIN, settings


@pytest.mark.parametrize(
    ("reads", "writes", "empty", "homes", "temporary", "shown"),
    [
        ((), (), "/media /mnt /srv /var", "tmpfs", "yes", ""),
        (("/var/log/nginx/*.log",), (), "/media /mnt /srv /var", "tmpfs", "yes", "/var/log/nginx"),
        (("/srv/*/x.log",), (), "/media /mnt /var", "tmpfs", "yes", ""),
        (("/data/x.log",), ("/srv/out",), "/media /mnt /srv /var", "tmpfs", "yes", ""),
        (("/srv/out/x.log",), ("/srv/out",), "/media /mnt /srv /var", "tmpfs", "yes", ""),
        (("/home/a/*.log",), (), "/media /mnt /srv /var", "tmpfs", "yes", "/home/a"),
        (("/home/*/a.log",), (), "/media /mnt /srv /var", "read-only", "yes", ""),
        (("/tmp/a/x.log",), (), "/media /mnt /srv /var", "tmpfs", "no", ""),
        ((), ("/var/tmp/out",), "/media /mnt /srv /var", "tmpfs", "no", ""),
        (("/var/*.log",), (), "/media /mnt /srv", "tmpfs", "no", ""),
        (("/*/x.log",), (), "", "read-only", "no", ""),
    ],
)
def test_of_the_hosts_data_it_sees_what_it_reads_and_writes(
    reads: tuple[str, ...],
    writes: tuple[str, ...],
    empty: str,
    homes: str,
    temporary: str,
    shown: str,
) -> None:
    said = settings(unit(dataclasses.replace(PLAIN, reads=reads, writes=writes)))
    assert said.get("TemporaryFileSystem", []) == [f"{path}:ro" for path in empty.split()]
    assert (said["ProtectHome"], said["PrivateTmp"]) == ([homes], [temporary])
    assert said.get("BindReadOnlyPaths", []) == [f"-{path}" for path in shown.split()]
    assert said["BindPaths"] == ["/var/lib/flumec/tailer", *writes]


@pytest.mark.parametrize(
    ("reads", "group", "groups"),
    [
        (("/srv/x.log",), "", []),
        (("/var/log/nginx/*.log",), "", ["adm"]),
        (("/var/log/nginx/*.log",), "www-data", ["www-data"]),
        (("/srv/x.log",), "app%", ["app%%"]),
    ],
)
def test_it_has_the_group_that_may_read(
    reads: tuple[str, ...], group: str, groups: list[str]
) -> None:
    said = settings(unit(dataclasses.replace(PLAIN, reads=reads, group=group)))
    assert said.get("SupplementaryGroups", []) == groups


def test_the_group_is_a_fact_of_the_host() -> None:
    flow = """hosts web = ["web-1"] {
  group = "www-data"
}

agent tailer on web {
  source access : taildir {
    files = ["/srv/logs/access.log"]
  }

  channel spool : file

  sink out : null

  access -> spool
  spool -> out
}
"""
    compiled = compile_text(flow)
    assert compiled.plan is not None, compiled.diagnostics
    (host,) = compiled.plan.hosts
    assert settings(unit(host.agents[0]))["SupplementaryGroups"] == ["www-data"]
