"""What a generated script imports; nothing heavy is loaded until its agent runs."""

from flumec.runtime.agent import Agent
from flumec.runtime.component import After, ChannelRef, Header, JournalRef, Port, Ref, Secret, Url
from flumec.runtime.groups.group import Balance, Failover
from flumec.runtime.quantity import Duration, Percent, Rate, Size
from flumec.runtime.route import Arm, Drop, Optional, Otherwise, Route

__all__ = [
    "After",
    "Agent",
    "Arm",
    "Balance",
    "ChannelRef",
    "Drop",
    "Duration",
    "Failover",
    "Header",
    "JournalRef",
    "Optional",
    "Otherwise",
    "Percent",
    "Port",
    "Rate",
    "Ref",
    "Route",
    "Secret",
    "Size",
    "Url",
]
