#!/usr/bin/env python3
"""Agent `probe`, for host core-1.example.com.

    ticks -> out => collector.ticks

Made by flumec from hosts.flow (a0c80eeac8a1). Change that file, not this one.
"""

from flumec.runtime import Agent, Duration
from flumec.runtime.channels import File
from flumec.runtime.links import ArrowSender, Peer
from flumec.runtime.sources import Seq

# see hosts.flow:45
ticks = Seq("ticks")

# see hosts.flow:47
out = File("out")

# see hosts.flow:82
to_collector = ArrowSender(
    "to_collector",
    link="probe.out => collector.ticks",
    wire="223a8f5217539674",
    peers=(Peer("core-1.example.com", "10.0.0.7", 4142),),
    drain=Duration("10s"),
    tls="mutual",
)

agent = Agent(
    "probe",
    host="core-1.example.com",
    address="10.0.0.7",
    columns=("origin",),
)
agent.flow(ticks, to=out)
agent.deliver(out, to_collector)

if __name__ == "__main__":
    agent.run()
