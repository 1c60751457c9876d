"""An agent as a process of its own: lines of a log into HDFS, and a copy of them beside it.

`loader.py FOLDER STATE PATH NAMENODE…`
"""

import sys
from pathlib import Path

from flumec.runtime import Agent, Duration, Size
from flumec.runtime.channels import File
from flumec.runtime.component import Header, Url
from flumec.runtime.interceptors import RegexExtract
from flumec.runtime.sinks import FileRoll, Hdfs
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.sources import Taildir


def main(folder: str, state: str, path: str, *namenodes: str) -> None:
    lines = Taildir("lines", files=(f"{folder}/app.log",), poll=Duration("100ms"))
    spool, copies = File("spool", size=Size("64MiB")), File("copies", size=Size("64MiB"))
    roll = Roll(events=5_000, every=Duration("300ms"))
    lake = Hdfs(
        "lake", path=Url(path), namenodes=namenodes, user="flume", workers=2, max_open=4, roll=roll
    )
    agent = Agent("loader", host="web-1", address="127.0.0.1", columns=("kind",))
    agent.flow(lines, RegexExtract(r"kind=(\w)", into=(Header("kind"),)), to=[spool, copies])
    agent.deliver(spool, lake)
    agent.deliver(copies, FileRoll("local", directory=Path(state) / "copies", roll=roll))
    agent.run(["--state", f"{state}/journal", "--log", "info"])


if __name__ == "__main__":
    main(*sys.argv[1:])
