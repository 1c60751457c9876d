#!/usr/bin/env python3
"""Agent `feed`, for host shop-1.example.com.

Follows the log of orders. It holds enough for the time that both collectors are away.

    orders -> out => collector.inbox

Made by flumec from two_collectors.flow (037d5cfbc921). Change that file, not this one.
"""

from flumec.runtime import Agent, Failover, Size
from flumec.runtime.channels import File
from flumec.runtime.links import ArrowSender, Peer
from flumec.runtime.sources import Taildir

# see two_collectors.flow:15
orders = Taildir(
    "orders",
    files=("/var/log/orders/orders.log",),
    rotated=("/var/log/orders/orders.log.[0-9]",),
)

# see two_collectors.flow:22
out = File("out", size=Size("8GiB"))

# see two_collectors.flow:51
to_core_a_example_com = ArrowSender(
    "to_core_a_example_com",
    link="feed.out => collector.inbox",
    wire="30f3ad3817928c47",
    peers=(Peer("core-a.example.com", "core-a.example.com", 4242),),
)

# see two_collectors.flow:51
to_core_b_example_com = ArrowSender(
    "to_core_b_example_com",
    link="feed.out => collector.inbox",
    wire="30f3ad3817928c47",
    peers=(Peer("core-b.example.com", "core-b.example.com", 4242),),
)

agent = Agent(
    "feed",
    host="shop-1.example.com",
    address="shop-1.example.com",
    columns=("timestamp",),
    metrics_port=9464,
)
agent.flow(orders, to=out)
agent.deliver(
    out,
    Failover(to_core_a_example_com, to_core_b_example_com, in_doubt="wait"),
)

if __name__ == "__main__":
    agent.run()
