#!/usr/bin/env python3
"""Agent `collector`, for host core-1.example.com.

    tailer.spool, gateway.out => logs -> log_files
    probe.out => ticks -> tick_files

Made by flumec from hosts.flow (a0c80eeac8a1). Change that file, not this one.
"""

from pathlib import Path

from flumec.runtime import Agent, Port, Size
from flumec.runtime.channels import File
from flumec.runtime.links import ArrowReceiver
from flumec.runtime.sinks import FileRoll

# see hosts.flow:53
logs = File("logs")

# see hosts.flow:55
ticks = File("ticks")

# see hosts.flow:57
log_files = FileRoll(
    "log_files",
    directory=Path("/srv/logs"),
    path="%{origin}",
    format="json",
)

# see hosts.flow:63
tick_files = FileRoll("tick_files", directory=Path("/srv/ticks"))

# see hosts.flow:72
arrow_4141 = ArrowReceiver("arrow_4141", port=Port(4141), tls="mutual")

# see hosts.flow:82
from_probe = ArrowReceiver(
    "from_probe",
    port=Port(4142),
    window=Size("32MiB"),
    tls="mutual",
)

agent = Agent(
    "collector",
    host="core-1.example.com",
    address="10.0.0.7",
    columns=("origin",),
)
agent.receive(
    arrow_4141,
    link="tailer.spool => collector.logs",
    wire="ee38ed90f4d15cb9",
    to=logs,
)
agent.receive(
    arrow_4141,
    link="gateway.out => collector.logs",
    wire="aa781460741e8a22",
    to=logs,
)
agent.receive(
    from_probe,
    link="probe.out => collector.ticks",
    wire="223a8f5217539674",
    to=ticks,
)
agent.deliver(logs, log_files)
agent.deliver(ticks, tick_files)

if __name__ == "__main__":
    agent.run()
