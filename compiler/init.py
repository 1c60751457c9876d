"""A first flow that runs: numbers through a durable channel into files."""

from pathlib import Path

NAME = "first.flow"
OUTPUT = "out"

_FLOW = """\
# A first flow: numbers, through a channel that survives a crash, into files.
#
#   flumec lint first.flow
#   flumec run first.flow --state .state --until-idle
#   wc -l {output}/*.log
#
# Then try this: set `total` higher, run it without --until-idle, kill the agent's process, and see
# that each number arrives once. `flumec components` lists what else there is; to follow a log file,
# make the source a `taildir` with `files = ["/var/log/…"]`.

hosts here = ["localhost"]

## Counts, and keeps what it counted on disk.
agent counter on here {{
  source numbers : seq {{
    total = 10_000
  }}

  channel spool : file {{
    size = 64MiB
  }}

  sink files : file_roll {{
    directory = {directory}

    roll {{
      every = 5s
      idle = 1s
    }}
  }}

  numbers -> spool
  spool -> files
}}
"""


def first_flow(folder: Path) -> str:
    """Return the text of a flow that writes into a folder of `folder`, an absolute path."""
    directory = _string(str(folder / OUTPUT))
    return _FLOW.format(directory=directory, output=OUTPUT)


def _string(text: str) -> str:
    r"""Return a .flow file's string.

    >>> print(_string('/tmp/my "logs"/${x}'))
    "/tmp/my \"logs\"/$${x}"
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${")
    return f'"{escaped}"'
