#!/usr/bin/env python3
r"""Agent `gateway`, for host edge-1.example.com.

Takes events by HTTP, and sorts them.

    events -> regex_extract(…) -> route header.kind
        "audit", "login" -> static(…) -> audit, archive?
        "click" -> clicks -> nowhere
        "say \"hi\"" -> drop
        else -> static(…) -> archive -> shown
    numbers -> clicks, archive
    audit -> failover(files, spare)

Made by flumec from routes.flow (0521d1d89e66). Change that file, not this one.
"""

from pathlib import Path

from flumec.runtime import (
    Agent,
    Arm,
    Drop,
    Failover,
    Header,
    Optional,
    Otherwise,
    Port,
    Route,
    Size,
)
from flumec.runtime.channels import File, Memory
from flumec.runtime.interceptors import RegexExtract, Static
from flumec.runtime.sinks import FileRoll, Logger, Null
from flumec.runtime.sources import Http, Seq

# see routes.flow:7
events = Http("events", tls="server", port=Port(8080), request_id="Idempotency-Key")

# see routes.flow:13
numbers = Seq("numbers", total=10_000)

# see routes.flow:17
clicks = Memory("clicks", size=Size("256MiB"))

# What auditors want to see.
# see routes.flow:23
audit = File("audit", size=Size("20GiB"))

# see routes.flow:27
archive = File("archive")

# see routes.flow:29
shown = Logger("shown")

# see routes.flow:31
files = FileRoll(
    "files",
    directory=Path("/srv/audit"),
    path="%{kind}/%Y-%m-%d",
    suffix=".txt",
)

# see routes.flow:37
spare = FileRoll("spare", directory=Path("/srv/spare"))

# see routes.flow:41
nowhere = Null("nowhere")

agent = Agent(
    "gateway",
    host="edge-1.example.com",
    address="edge-1.example.com",
    columns=("X-Request-Id", "kind", "tier", "timestamp", "user"),
)
agent.flow(
    events,
    RegexExtract('user=(\\w+) "(\\S+)"', into=(Header("user"), Header("X-Request-Id"))),
    to=Route(
        "kind",
        Arm(
            "audit",
            "login",
            steps=(Static(Header("tier"), "gold", preserve=False),),
            to=(audit, Optional(archive)),
        ),
        Arm("click", to=clicks),
        Arm('say "hi"', to=Drop()),
        otherwise=Otherwise(steps=(Static(Header("kind"), "other"),), to=archive),
    ),
)
agent.flow(numbers, to=(clicks, archive))
agent.deliver(clicks, nowhere)
agent.deliver(audit, Failover(files, spare, in_doubt="wait"))
agent.deliver(archive, shown)

if __name__ == "__main__":
    agent.run()
