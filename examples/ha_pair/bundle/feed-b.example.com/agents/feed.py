#!/usr/bin/env python3
"""Agent `feed`, for host feed-b.example.com.

Takes what clients post, on two machines that know nothing of each other.

    trades -> fingerprint(…) -> out => book.inbox

Made by flumec from ha_pair.flow (900a102b7379). Change that file, not this one.
"""

from flumec.runtime import Agent, Header, Port, Size
from flumec.runtime.channels import File
from flumec.runtime.interceptors import Fingerprint
from flumec.runtime.links import ArrowSender, Peer
from flumec.runtime.sources import Http

# see ha_pair.flow:21
trades = Http("trades", port=Port(5140), request_id="Idempotency-Key")

# see ha_pair.flow:26
out = File("out", size=Size("8GiB"), when_full="block")

# see ha_pair.flow:64
to_book = ArrowSender(
    "to_book",
    link="feed.out => book.inbox",
    wire="f2c505c9b843bcbd",
    peers=(Peer("vault-1.example.com", "vault-1.example.com", 4242),),
)

agent = Agent(
    "feed",
    host="feed-b.example.com",
    address="feed-b.example.com",
    columns=("client", "id", "seq", "timestamp"),
    metrics_port=9464,
)
agent.flow(
    trades,
    Fingerprint(
        Header("id"),
        of=(Header("client"), Header("seq"), "body"),
        preserve=True,
    ),
    to=out,
)
agent.deliver(out, to_book)

if __name__ == "__main__":
    agent.run()
