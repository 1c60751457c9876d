"""The headers that get columns are those that a path, a route or an interceptor really names."""

import pytest
from flumec.compiler.build import compile_text

FLOW = """
hosts web = inventory("hosts.ini") {
  vars {
    folder : string
  }
}

agent keeper on web {
  source numbers : http {
    port = 8080
    bind = "127.0.0.1"
  }
  channel spool : file

  sink files : file_roll {
    directory = "/srv/%Y/%{no}"
    suffix = ".%Y%{no}"
    path = "PATH"
  }

  numbers -> spool
  spool -> files
}
"""
HOSTS = "a folder=%{tenant}\nb folder=%H\n"


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        ("plain", ()),
        ("%{host}/%{kind}", ("host", "kind")),
        ("%Y/%m", ("timestamp",)),
        ("%{day}-%d", ("day", "timestamp")),
        ("100%%{host}", ()),
        ("%%Y", ()),
        ("%%%{host}", ("host",)),
        ("${host.vars.folder}", ("tenant", "timestamp")),
    ],
)
def test_a_paths_headers_are_those_of_its_template(path: str, columns: tuple[str, ...]) -> None:
    plan = compile_text(FLOW.replace("PATH", path), files={"hosts.ini": HOSTS}).plan

    assert plan is not None
    assert plan.hosts[0].agents[0].columns == columns
