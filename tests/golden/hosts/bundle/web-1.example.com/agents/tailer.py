#!/usr/bin/env python3
"""Agent `tailer`, for host web-1.example.com.

    access -> static(…) -> spool => collector.logs

Made by flumec from hosts.flow (a0c80eeac8a1). Change that file, not this one.
"""

from flumec.runtime import Agent, Header
from flumec.runtime.channels import File
from flumec.runtime.interceptors import Static
from flumec.runtime.links import ArrowSender, Peer
from flumec.runtime.sources import Taildir

# see hosts.flow:24
access = Taildir("access", files=("/var/log/nginx/access.log", "/home/app-0/*.log"))

# see hosts.flow:28
spool = File("spool")

# see hosts.flow:72
to_collector = ArrowSender(
    "to_collector",
    link="tailer.spool => collector.logs",
    wire="ee38ed90f4d15cb9",
    peers=(Peer("core-1.example.com", "10.0.0.7", 4141),),
    tls="mutual",
)

agent = Agent(
    "tailer",
    host="web-1.example.com",
    address="web-1.example.com",
    columns=("origin",),
    metrics_port=9101,
)
agent.flow(
    access,
    Static(Header("origin"), "web-1.example.com/web-1.example.com"),
    to=spool,
)
agent.deliver(spool, to_collector)

if __name__ == "__main__":
    agent.run()
