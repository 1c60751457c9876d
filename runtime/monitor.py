"""What an agent shows on its local port: /metrics, /metrics.json, /healthz and /readyz."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from flumec.runtime import flume_json
from flumec.runtime.control.inside import Inside
from flumec.runtime.control.routes import Answer, Request, Routes, as_json
from flumec.runtime.metrics import Prometheus, Reading

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


def add(routes: Routes, inside: Inside) -> None:
    """Show metrics in two shapes, and two verdicts."""

    @cache
    def registry() -> "CollectorRegistry":
        """Made at the first scrape: its library takes a tenth of an agent's start."""
        from prometheus_client import CollectorRegistry, ProcessCollector

        made = CollectorRegistry()
        made.register(Prometheus(inside.read))
        ProcessCollector(registry=made)
        return made

    def flume(_request: Request) -> Answer:
        return Answer(flume_json.render(inside.read(), inside.consumers).encode())

    def metrics(request: Request) -> Answer:
        """Answer Prometheus, and who asks for JSON in Flume's shape: this is Flume's path too."""
        if prefers_json(request.accept):
            return flume(request)
        from prometheus_client.exposition import choose_encoder

        encoder, content = choose_encoder(request.accept)
        return Answer(encoder(registry()), content=content)

    def health(_request: Request) -> Answer:
        overdue = inside.overdue()
        return _verdict({name: f"silent for {s:.0f}s" for name, s in overdue.items()}, {})

    def readiness(_request: Request) -> Answer:
        reading = inside.read()
        return _verdict(_unready(reading), _behind(reading, inside.consumers))

    routes.add("GET", "/metrics", metrics, shown=True)
    routes.add("GET", "/metrics.json", flume, shown=True)
    routes.add("GET", "/healthz", health, shown=True)
    routes.add("GET", "/readyz", readiness, shown=True)


def prefers_json(accept: str) -> bool:
    """Say whether JSON is asked for by name, and a text that Prometheus reads is not wanted more.

    >>> prefers_json("application/json"), prefers_json("*/*"), prefers_json("")
    (True, False, False)
    >>> prefers_json("text/plain;version=0.0.4, application/json;q=0.5")
    False
    """
    wanted = {"json": 0.0, "text": 0.0}
    for part in accept.split(","):
        kind, *parameters = (piece.strip() for piece in part.lower().split(";"))
        weight = next((p.removeprefix("q=") for p in parameters if p.startswith("q=")), "1")
        name = {"application/json": "json", "text/plain": "text"}.get(kind)
        if "openmetrics" in kind:
            name = "text"
        if name is not None and weight.replace(".", "", 1).isdecimal():
            wanted[name] = max(wanted[name], float(weight))
    return wanted["json"] > wanted["text"]


def _unready(reading: Reading) -> dict[str, str]:
    serving = reading.ready and not reading.stopping
    waiting = {} if serving else {"agent": "it is starting or stopping"}
    return waiting | reading.resting | reading.failing


def _behind(reading: Reading, consumers: Mapping[str, str]) -> dict[str, object]:
    """Return each channel that holds something, how much, and why, where its consumer says so."""
    trouble = reading.resting | reading.failing
    why: dict[str, str] = {}
    for name, channel in consumers.items():
        said = [why.get(channel, ""), trouble.get(name, "")]
        why[channel] = "; ".join(filter(None, said))
    return {
        name: {
            "events": stats.held,
            "bytes": stats.held_bytes,
            "seconds": round(reading.lag(name), 3),
            "why": why.get(name, "nobody reads it"),
        }
        for name, stats in reading.channels.items()
        if stats.held
    }


def _verdict(reasons: Mapping[str, str], behind: Mapping[str, object]) -> Answer:
    status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
    told: dict[str, object] = {"ok": not reasons, "reasons": dict(reasons)}
    return as_json(told | ({"behind": dict(behind)} if behind else {}), status)
