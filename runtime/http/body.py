"""Reading a request's body within bounds: its own size, all requests' memory, and time."""

import asyncio
from collections.abc import AsyncIterator
from typing import Self

from aiohttp import web
from flumec.runtime.http.refusal import Refusal
from flumec.runtime.http.unpack import BrokenError, Gzip
from flumec.runtime.quantity import Size

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def is_packed(request: web.BaseRequest) -> bool:
    """Return whether the body is gzipped; raise Refusal for any other encoding."""
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return False
    if encoding not in ("gzip", "x-gzip"):
        raise Refusal(
            415, f"the encoding {encoding} is not understood: send gzip, or the JSON as it is"
        )
    return True


class Budget:
    """The bytes of requests that may be in memory at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._used = 0

    def take(self, size: int) -> bool:
        """Count more bytes in; False where they would be too many."""
        if self._used + size > self._most:
            return False
        self._used += size
        return True

    def give_back(self, size: int) -> None:
        """Count bytes out."""
        self._used -= size


class Body:
    """The body of one request; what it takes of the budget is given back at the end of `with`."""

    def __init__(self, request: web.BaseRequest, budget: Budget, most: Size) -> None:
        self._request = request
        self._budget = budget
        self._most = most
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._budget.give_back(self._size)

    async def read(self, seconds: float) -> bytes:
        """Return the whole body; raise Refusal for what is too large, too slow or broken.

        A client that goes away raises ConnectionError: nobody is there to be answered.
        """
        self._check(self._request.content_length or 0)
        if self._request.headers.get("Expect", "").lower() == "100-continue":
            await self._request.writer.write(_CONTINUE)
            self._request.writer.output_size = 0
        try:
            async with asyncio.timeout(seconds):
                return b"".join([piece async for piece in self._pieces()])
        except TimeoutError:
            raise Refusal(
                408, f"the request did not arrive within {seconds:g} s", close=True
            ) from None
        except (web.RequestPayloadError, BrokenError) as error:
            raise Refusal(400, f"the request's body is broken: {error}", close=True) from None

    async def _pieces(self) -> AsyncIterator[bytes]:
        if not is_packed(self._request):
            async for piece in self._request.content.iter_any():
                self._take(len(piece))
                yield piece
            return
        gzip = Gzip()
        async for packed in self._request.content.iter_any():
            for piece in gzip.unpack(packed):
                self._take(len(piece))
                yield piece
        gzip.end()

    def _take(self, size: int) -> None:
        self._check(self._size + size)
        if not self._budget.take(size):
            raise Refusal.busy("too many requests are being received", close=True)
        self._size += size

    def _check(self, size: int) -> None:
        if size > self._most:
            raise Refusal(
                413, f"the request is larger than {self._most}: send fewer events", close=True
            )
