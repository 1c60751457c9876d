#!/usr/bin/env python3
"""Agent `gateway`, for host web-1.example.com.

    events -> timestamp() -> out => collector.logs

Made by flumec from hosts.flow (a0c80eeac8a1). Change that file, not this one.
"""

from flumec.runtime import Agent, Port
from flumec.runtime.channels import File
from flumec.runtime.interceptors import Timestamp
from flumec.runtime.links import ArrowSender, Peer
from flumec.runtime.sources import Http

# see hosts.flow:34
events = Http("events", tls="server", port=Port(443))

# see hosts.flow:39
out = File("out")

# see hosts.flow:77
to_collector = ArrowSender(
    "to_collector",
    link="gateway.out => collector.logs",
    wire="aa781460741e8a22",
    peers=(Peer("core-1.example.com", "10.0.0.7", 4141),),
    tls="mutual",
)

agent = Agent(
    "gateway",
    host="web-1.example.com",
    address="web-1.example.com",
    columns=("origin", "timestamp"),
)
agent.flow(events, Timestamp(), to=out)
agent.deliver(out, to_collector)

if __name__ == "__main__":
    agent.run()
