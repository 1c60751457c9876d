"""What a host may hold beside its channels, and at which rate an outage is counted."""

import pytest
from flumec.compiler.build import lint_text

FLEET = """
hosts web = ["w1"] {
  disk = 42GiB
}

agent a on web {
  limits {
    memory = 256MiB
  }

  source main : http {
    port = 8080
    tls = server
    max_pending = 64MiB

    headers {
      required = [header.site]
    }
  }

  channel spool : file {
    size = 40GiB
  }

  sink out : hdfs {
    path = "hdfs://nn1.example.com/logs/%{site}/%Y"
    max_open = 4

    roll {
      size = 256MiB
      every = 1h
    }
  }

  main -> spool
  spool -> out
}

check "an outage is waited out" {
  from = a.main
  to = a.out
  rate = 1MB/s
  survives = [outage(a.out, 10m)]
}
"""


def found(code: str, *changes: tuple[str, str]) -> list[str]:
    text = FLEET
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    linted = lint_text(text).diagnostics
    return [line for one in linted if one.code == code for line in (one.message, *one.notes)]


def test_a_disk_holds_all_files_that_are_open_before_an_upload() -> None:
    assert found("FL620") == []
    notes = found("FL620", ("max_open = 4", "max_open = 100"))
    assert "100 open files of a.out before they are uploaded: 25GiB" in notes


def test_a_path_without_headers_has_one_file_open() -> None:
    assert found("FL620", ("max_open = 4", "max_open = 100"), ("%{site}/", "")) == []


def test_memory_holds_what_clients_sent_that_is_not_stored() -> None:
    assert found("FL621") == []
    notes = found("FL621", ("max_pending = 64MiB", "max_pending = 4GiB"))
    assert "what a.main has not stored yet: 4GiB" in notes


@pytest.mark.parametrize("peak", ["peak = 0.5", "peak = 500kB/s"])
def test_a_peak_never_lowers_what_is_counted(peak: str) -> None:
    usual = found("FL601", ("10m", "12h"))
    assert usual
    assert found("FL601", ("10m", "12h"), ("rate = 1MB/s", f"rate = 1MB/s\n  {peak}")) == usual


def test_a_peak_is_no_part_of_the_rate() -> None:
    notes = found("FL206", ("rate = 1MB/s", "rate = 1MB/s\n  peak = 0.5"))
    assert notes[:1] == ["`peak` must be at least 1, not `0.5`"]
