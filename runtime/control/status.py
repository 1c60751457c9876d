"""GET /status: the agent in one JSON object, with rates, and how its parts hang together."""

from typing import Any

from flumec.runtime.component import Component
from flumec.runtime.control.inside import Inside
from flumec.runtime.control.routes import Answer, Request, Routes, as_json


def add(routes: Routes, inside: Inside) -> None:
    """Show the agent's state, with its wiring, and the events that each channel may hold."""
    wiring = _wiring(inside)
    most = {channel.name: getattr(channel, "events", None) for channel in inside.agent.channels}

    def show(_request: Request) -> Answer:
        told = inside.told()
        for name, channel in told["channels"].items():
            channel["events"] = most.get(name)
        return as_json(told | {"draining": inside.draining.told, "wiring": wiring})

    routes.add("GET", "/status", show, shown=True)


def _wiring(inside: Inside) -> dict[str, Any]:
    """Return who feeds which channel, who empties it, and where links come from and go to."""
    agent = inside.agent
    feeds: dict[str, list[str]] = {}
    for flow in agent.flows:
        own = [name for channel in flow.channels for name in agent.held_in(channel.name)]
        feeds.setdefault(flow.source.name, []).extend(own)
    for share in agent.shares.values():
        feeds[share.of] = list(agent.held_in(share.of))
    for receipt in agent.receipts:
        known = feeds.get(receipt.to.name, [receipt.to.name])
        feeds.setdefault(receipt.receiver.name, []).extend(known)
    return {
        "feeds": {name: list(dict.fromkeys(channels)) for name, channels in feeds.items()},
        "empties": inside.consumers,
        "links_in": {receipt.link: receipt.to.name for receipt in agent.receipts},
        "links_out": {
            each.consumer.name: link
            for each in agent.deliveries
            if (link := _link(each.consumer)) is not None
        },
    }


def _link(consumer: Component) -> str | None:
    link = getattr(consumer, "link", None)
    return str(link) if consumer.kind == "sender" and link else None
