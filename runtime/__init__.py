"""What a generated script imports; nothing heavy is loaded until its agent runs."""

from flumec.runtime.component import Header, Port, Secret, Url
from flumec.runtime.quantity import Duration, Percent, Rate, Size

__all__ = ["Duration", "Header", "Percent", "Port", "Rate", "Secret", "Size", "Url"]
