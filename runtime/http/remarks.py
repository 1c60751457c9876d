"""What aiohttp has to say of a connection: in one line, with the reason."""

import logging
from typing import Any

from aiohttp.http import HttpProcessingError


class Remarks(logging.LoggerAdapter[logging.Logger]):
    """A logger for aiohttp. A client that sends what is no HTTP is told so: no error of ours."""

    def exception(self, msg: object, *args: object, exc_info: Any = None, **_: Any) -> None:
        """Log what was raised: a client's mistake for information, anything else as an error."""
        if isinstance(exc_info, HttpProcessingError):
            lines = exc_info.message.strip().splitlines() or [type(exc_info).__name__]
            self.info("%s: %s", str(msg) % args, lines[0].rstrip(":"))
        else:
            self.error("%s: %s", str(msg) % args, repr(exc_info))
