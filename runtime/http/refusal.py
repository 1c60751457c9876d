"""Every answer but 200: a status, a sentence that helps, and when to come back."""

from typing import Self

from aiohttp import web

RETRY_AFTER = 1
"""Seconds after which a client should repeat a request that could not be taken."""


class Refusal(Exception):  # noqa: N818 an answer
    """A request is not taken, and nothing of it is stored."""

    def __init__(self, status: int, sentence: str, *, close: bool = False, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.close = close
        self.headers = headers

    @classmethod
    def busy(cls, why: str, *, close: bool = False) -> Self:
        """Return the refusal of a request that may be repeated as it is."""
        refusal = cls(503, f"{why}: repeat the request later", close=close)
        refusal.headers["Retry-After"] = str(RETRY_AFTER)
        return refusal

    @property
    def response(self) -> web.Response:
        """The answer to send."""
        response = web.Response(status=self.status, text=f"{self}\n", headers=self.headers)
        if self.close:
            response.force_close()
        return response
