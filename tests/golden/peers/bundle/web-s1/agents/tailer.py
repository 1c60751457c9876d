#!/usr/bin/env python3
"""Agent `tailer`, for host web-s1.

    access -> spool, near
    audit -> copies => collector.more
    clicks -> regex_extract(…) -> static(…) -> users => collector.more
    spool => collector.inbox
    near => collector.more

Made by flumec from peers.flow (f0c8144f27e0). Change that file, not this one.
"""

from flumec.runtime import Agent, Balance, Failover, Header
from flumec.runtime.channels import File
from flumec.runtime.interceptors import RegexExtract, Static
from flumec.runtime.links import All, ArrowSender, Hashed, Peer
from flumec.runtime.sources import Taildir

# see peers.flow:21
access = Taildir("access", files=("/var/log/nginx/access.log",))

# see peers.flow:25
audit = Taildir("audit", files=("/var/log/audit/audit.log",))

# see peers.flow:29
clicks = Taildir("clicks", files=("/var/log/clicks.log",))

# see peers.flow:33
spool = File("spool")

# see peers.flow:35
near = File("near")

# see peers.flow:37
copies = File("copies")

# see peers.flow:39
users = File("users")

# see peers.flow:66
to_core_s1 = ArrowSender(
    "to_core_s1",
    link="tailer.spool => collector.inbox",
    wire="0606749fd265ccb2",
    peers=(Peer("core-s1", "core-s1", 4141),),
    tls="mutual",
)

# see peers.flow:66
to_core_n1 = ArrowSender(
    "to_core_n1",
    link="tailer.spool => collector.inbox",
    wire="0606749fd265ccb2",
    peers=(Peer("core-n1", "core-n1", 4141),),
    tls="mutual",
)

# see peers.flow:66
to_core_n2 = ArrowSender(
    "to_core_n2",
    link="tailer.spool => collector.inbox",
    wire="0606749fd265ccb2",
    peers=(Peer("core-n2", "core-n2", 4141),),
    tls="mutual",
)

# see peers.flow:75
to_collector = ArrowSender(
    "to_collector",
    link="tailer.near => collector.more",
    wire="639776371fba94c0",
    peers=(Peer("core-s1", "core-s1", 4142),),
    tls="mutual",
)

# see peers.flow:82
to_core_n1_copies = ArrowSender(
    "to_core_n1_copies",
    link="tailer.copies => collector.more",
    wire="1068cb356806dbf5",
    peers=(Peer("core-n1", "core-n1", 4142),),
    tls="mutual",
)

# see peers.flow:82
to_core_n2_copies = ArrowSender(
    "to_core_n2_copies",
    link="tailer.copies => collector.more",
    wire="1068cb356806dbf5",
    peers=(Peer("core-n2", "core-n2", 4142),),
    tls="mutual",
)

# see peers.flow:82
to_core_s1_copies = ArrowSender(
    "to_core_s1_copies",
    link="tailer.copies => collector.more",
    wire="1068cb356806dbf5",
    peers=(Peer("core-s1", "core-s1", 4142),),
    tls="mutual",
)

# see peers.flow:88
to_core_n1_users = ArrowSender(
    "to_core_n1_users",
    link="tailer.users => collector.more",
    wire="071f9389d3a35201",
    peers=(Peer("core-n1", "core-n1", 4142),),
    tls="mutual",
)

# see peers.flow:88
to_core_n2_users = ArrowSender(
    "to_core_n2_users",
    link="tailer.users => collector.more",
    wire="071f9389d3a35201",
    peers=(Peer("core-n2", "core-n2", 4142),),
    tls="mutual",
)

# see peers.flow:88
to_core_s1_users = ArrowSender(
    "to_core_s1_users",
    link="tailer.users => collector.more",
    wire="071f9389d3a35201",
    peers=(Peer("core-s1", "core-s1", 4142),),
    tls="mutual",
)

agent = Agent("tailer", host="web-s1", address="web-s1", columns=("user",))
agent.flow(access, to=(spool, near))
agent.flow(audit, to=copies)
agent.flow(
    clicks,
    RegexExtract(r"user=(\w+)", into=(Header("user"),)),
    Static(Header("user"), "nobody"),
    to=users,
)
agent.deliver(spool, Failover(to_core_s1, to_core_n1, to_core_n2, in_doubt="wait"))
agent.deliver(near, Balance(to_collector))
agent.deliver(copies, All(to_core_n1_copies, to_core_n2_copies, to_core_s1_copies))
agent.deliver(
    users,
    Hashed(
        Header("user"),
        to_core_n1_users,
        to_core_n2_users,
        to_core_s1_users,
        weights=(1, 1, 3),
    ),
)

if __name__ == "__main__":
    agent.run()
