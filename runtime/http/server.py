"""Serving the http source: one loop in the source's thread, one task for each request."""

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from aiohttp import web
from flumec.runtime.context import SourceContext
from flumec.runtime.http.body import Body, Budget, is_packed
from flumec.runtime.http.door import Door
from flumec.runtime.http.events import Mistake, Reader
from flumec.runtime.http.plain import Plain
from flumec.runtime.http.refusal import Refusal
from flumec.runtime.http.remarks import Remarks
from flumec.runtime.http.remembered import Remembered
from flumec.runtime.journal.records import Full, Outcome, Progress, Stored
from flumec.runtime.messages.http import RequestFailed, RequestRefused
from flumec.runtime.sockets import BACKLOG
from flumec.runtime.tls.proof import Proof

if TYPE_CHECKING:
    from flumec.runtime.sources.http import Http

_LOOK = 0.1
"""Seconds between two looks at whether the agent stops."""

_LONGEST_LINGER = 5.0
_LONGEST_STOP = 4.0
_MOST_NAME = 256
_MOMENT = (0.05, 0.1, 0.2, 0.4)
"""Seconds between tries to put into a full channel that has its sources wait; then it is a 503."""
_JSON = ("application/json", "text/json", "text/plain", "application/octet-stream")


def serve(source: "Http", context: SourceContext) -> None:
    """Serve until the agent stops, then finish the requests under way.

    StartError comes of certificates that can't be used, before anything listens.
    """
    proof = None
    if source.tls != "none":
        proof = Proof(source, context, listens=True, least=ssl.TLSVersion.TLSv1_2)
    asyncio.run(_serve(source, context, proof))


async def _serve(source: "Http", context: SourceContext, proof: Proof | None) -> None:
    gate = Gate(source, context)
    server = web.Server(
        gate.answer,
        access_log=None,
        logger=Remarks(context.log),
        auto_decompress=False,  # Body does it, within its bounds
        keepalive_timeout=source.timeout,
        lingering_time=min(source.timeout, _LONGEST_LINGER),
    )
    gate.connections = lambda: len(server.connections)
    runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=_LONGEST_STOP)
    await runner.setup()
    door = (
        None
        if proof is None
        else Door(proof, context, server, most=source.max_connections, patience=source.timeout)
    )
    listener = context.listen(source.name, source.bind or context.address, source.port)
    listener.setblocking(False)
    url = where(listener.getsockname(), "https" if proof else "http")
    context.log.info("listens on %s%s", url, source.path)
    listening = await asyncio.get_running_loop().create_server(
        door or partial(Plain, server, context), sock=listener, backlog=BACKLOG
    )
    while not context.stopping:
        context.idle(not gate.under_way)
        context.counters.set("connections_open", len(server.connections))
        if proof is not None:
            proof.tend()
        await asyncio.sleep(_LOOK)
    gate.closing = True
    listening.close()
    if door is not None:
        door.close()
    await runner.cleanup()


def where(name: str | tuple[Any, ...], scheme: str) -> str:
    """Return how clients are to call a socket, which the service manager may have chosen.

    >>> where(("127.71.0.1", 8080), "http"), where(("::1", 8080, 0, 0), "https")
    ('http://127.71.0.1:8080', 'https://[::1]:8080')
    >>> where("/run/feed.sock", "http")
    'unix:/run/feed.sock:'
    """
    if isinstance(name, str):
        return f"unix:{name}:"
    host, port = name[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class Gate:
    """Takes requests, puts their events, and answers when these are stored."""

    def __init__(self, source: "Http", context: SourceContext) -> None:
        self.under_way = 0
        self.closing = False
        self.connections: Callable[[], int] = lambda: 0
        self._source = source
        self._context = context
        counters = context.counters
        self._reader = Reader(
            context.columns, source.headers, lambda count: counters.add("headers_left_out", count)
        )
        self._budget = Budget(source.max_pending)
        size = source.request_ids if source.request_id else 0
        self._remembered = Remembered(source.name, size, context.positions)
        if retired := self._remembered.retired:
            context.put(None, retired)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer one request; 200 only for events that are stored."""
        self.under_way += 1
        try:
            await self._take(request)
        except Refusal as refusal:
            self._context.counters.add("requests_refused")
            return refusal.response
        except ConnectionError:
            self._context.counters.add("read_failures")
            raise
        finally:
            self.under_way -= 1
        self._context.counters.add("requests_stored")
        return web.Response(status=HTTPStatus.OK)

    async def _take(self, request: web.BaseRequest) -> None:
        """Store a request's events, or raise Refusal."""
        self._check(request)
        name = self._name(request)
        with Body(request, self._budget, self._source.max_body) as body:
            raw = await body.read(self._source.timeout)
            try:
                events = self._reader.read(raw)
            except Mistake as mistake:
                raise Refusal(mistake.status, str(mistake)) from None
            if not events.num_rows:
                return
            outcome = await self._stored(events, name)
        if isinstance(outcome, Full):
            raise Refusal.busy(f"the channel `{outcome.channel}` is full")
        if not isinstance(outcome, Stored):
            self._context.log.error(RequestRefused(reason=outcome.reason))
            raise Refusal.busy("the events could not be stored")

    def _check(self, request: web.BaseRequest) -> None:
        """Refuse what can be refused before the body is read."""
        path = self._source.path
        if self.closing:
            raise Refusal.busy("the agent stops", close=True)
        if self.connections() > self._source.max_connections:
            raise Refusal.busy("too many connections are open", close=True)
        if request.path != path:
            raise Refusal(404, f"nothing is at {request.path}: events are sent to {path}")
        if request.method != "POST":
            raise Refusal(405, f"{request.method} is not possible: POST events", Allow="POST")
        kind = request.content_type
        if kind not in _JSON and not kind.endswith("+json"):
            raise Refusal(415, f"{kind} is not understood: send application/json")
        is_packed(request)
        if (request.charset or "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
            raise Refusal(415, f"the character set {request.charset} is not understood: send UTF-8")

    def _name(self, request: web.BaseRequest) -> str | None:
        header = self._source.request_id
        name = request.headers.get(header) if header else None
        if name is not None and not 0 < len(name) <= _MOST_NAME:
            raise Refusal(400, f"the header {header} must have 1 to {_MOST_NAME} characters")
        return name

    async def _stored(self, events: pa.RecordBatch, name: str | None) -> Outcome:
        """Put the events, unless a request of that name has, and wait until they are stored."""
        try:
            async with asyncio.timeout(self._source.timeout):
                for pause in _MOMENT:
                    outcome = await self._attempt(events, name)
                    if not isinstance(outcome, Full) or outcome.rejects or self.closing:
                        return outcome
                    await asyncio.sleep(pause)
                return await self._attempt(events, name)
        except Refusal:
            raise
        except TimeoutError:
            raise Refusal.busy("the events could not be stored in time") from None
        except Exception as error:
            raise Refusal.busy("the events could not be stored") from error

    async def _attempt(self, events: pa.RecordBatch, name: str | None) -> Outcome:
        known = None if name is None else self._remembered.known(name)
        if isinstance(known, Stored):
            self._context.counters.add("requests_repeated")
            return known
        return await asyncio.shield(known or self._put(events, name))

    def _put(self, events: pa.RecordBatch, name: str | None) -> "asyncio.Future[Outcome]":
        progress: Progress | None = None
        if name is not None:
            progress = self._remembered.begin(name)
            if progress is None:
                raise Refusal.busy("too many named requests are under way")
        try:
            put = self._context.put(events, (progress,) if progress else (), wait=False)
        except Exception as error:
            if progress:
                self._remembered.abandon(progress)
            self._context.log.error(RequestFailed(reason=str(error)))  # noqa: TRY400 one line
            raise Refusal(500, "the agent could not take these events; its log says why") from error
        result = asyncio.wrap_future(put)
        if progress:
            self._remembered.follow(progress, result)
        return result
