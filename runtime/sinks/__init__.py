"""Where events leave an agent, one sink in a file."""

from flumec.runtime.sinks.file_roll import FileRoll
from flumec.runtime.sinks.hdfs import Hdfs
from flumec.runtime.sinks.logger import Logger
from flumec.runtime.sinks.null import Null

__all__ = ["FileRoll", "Hdfs", "Logger", "Null"]
