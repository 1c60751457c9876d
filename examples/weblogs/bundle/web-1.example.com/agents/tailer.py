#!/usr/bin/env python3
"""Agent `tailer`, for host web-1.example.com.

Follows the access log through its rotations, on every web server.

    access -> timestamp() -> host() -> spool => collector.inbox

Made by flumec from weblogs.flow (29b94a5b7df7). Change that file, not this one.
"""

from flumec.runtime import Agent, Size
from flumec.runtime.channels import File
from flumec.runtime.interceptors import Host, Timestamp
from flumec.runtime.links import ArrowSender, Peer
from flumec.runtime.sources import Taildir

# see weblogs.flow:17
access = Taildir(
    "access",
    files=("/var/log/nginx/access.log",),
    rotated=("/var/log/nginx/access.log.[0-9]",),
)

# see weblogs.flow:22
spool = File("spool", size=Size("1GiB"))

# see weblogs.flow:54
to_collector = ArrowSender(
    "to_collector",
    link="tailer.spool => collector.inbox",
    wire="5d0524d1918d5a3b",
    peers=(Peer("core-1.example.com", "core-1.example.com", 4141),),
    tls="mutual",
)

agent = Agent(
    "tailer",
    host="web-1.example.com",
    address="web-1.example.com",
    columns=("host", "timestamp"),
    metrics_port=9464,
)
agent.flow(access, Timestamp(), Host(), to=spool)
agent.deliver(spool, to_collector)

if __name__ == "__main__":
    agent.run()
