"""What a generated script imports; nothing heavy is loaded until its agent runs."""

from flumec.runtime.agent import Agent
from flumec.runtime.component import Header, Port, Secret, Url
from flumec.runtime.quantity import Duration, Percent, Rate, Size
from flumec.runtime.route import Arm, Drop, Optional, Otherwise, Route

__all__ = [
    "Agent",
    "Arm",
    "Drop",
    "Duration",
    "Header",
    "Optional",
    "Otherwise",
    "Percent",
    "Port",
    "Rate",
    "Route",
    "Secret",
    "Size",
    "Url",
]
