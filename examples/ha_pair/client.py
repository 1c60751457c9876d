#!/usr/bin/env python3
"""A client of two machines: it posts trades until one has answered 200, and keeps a record.

    python client.py --name ann --to a=10.0.0.1:5140 --to b=10.0.0.2:5140 --record ann.jsonl

It needs the standard library alone. `deliver` is all that a client of the pair has to do; the rest
is traffic: requests of several sizes, with and without an id of their own, some of them repeated.
What was made and what was answered goes to the record, so that nothing is taken on trust.
It ends on SIGTERM, once what it has begun is answered.
"""

import argparse
import gzip
import http.client
import json
import random
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import Any

ANSWER = 3.0
"""Seconds after which a machine that does not answer is as good as away."""

PAUSES = (0.05, 3.0)
"""Seconds between two rounds over the machines: at first, and at most. Each is twice the last."""


@dataclass
class Machine:
    """One of the two; its own thread posts to it, so that a silent one holds nobody up."""

    name: str
    address: str
    variant: int = 0
    """Which of two programs writes the JSON: the event is the same, its bytes are not."""
    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    last: "Future[Answer] | None" = None

    @property
    def free(self) -> bool:
        """Whether it has answered, or failed, what it was sent."""
        return self.last is None or self.last.done()


@dataclass(frozen=True)
class Answer:
    """What came of one request: its status, 0 where there was none."""

    machine: str
    status: int
    error: str = ""
    retry_after: float = 0.0


def deliver(machines: Sequence[Machine], request: "Request", way: str, stop: Event) -> bool:
    """Return once a machine has answered 200: from then on the events are safe.

    To both at once, or to the second only when the first is away. Whatever has another answer, or
    none, is repeated as it is: under its own name, so that a machine that has it stores it once;
    and where two have it, the store knows a copy by its event's id. A client that is told to stop
    gives up after a while (False): then nobody knows.
    """
    pause, most = PAUSES
    deadline = 0.0
    while True:
        answers = _at_once(machines, request) if way == "both" else _in_turn(machines, request)
        if any(answer.status == 200 for answer in answers):
            return True
        for answer in answers:
            if 400 <= answer.status < 500 and answer.status != 408:
                raise SystemExit(f"{answer.machine} answered {answer.status}: {answer.error}")
        if stop.is_set():
            deadline = deadline or time.monotonic() + 60.0
            if time.monotonic() > deadline:
                return False
        wanted = min((a.retry_after for a in answers if a.retry_after), default=0.0)
        time.sleep(max(pause, wanted) * random.uniform(0.5, 1.0))
        pause = min(2 * pause, most)


def _at_once(machines: Sequence[Machine], request: "Request") -> list[Answer]:
    """Post to all that have answered their last request; return when one has it, or none is left.

    What the slower one still does goes on behind: it takes no more time than a machine that is up.
    """
    asked = [machine for machine in machines if machine.free]
    if not asked:
        wait([m.last for m in machines if m.last is not None], return_when=FIRST_COMPLETED)
    for machine in asked:
        machine.last = machine.thread.submit(request.post, machine)
    waiting = {machine.last for machine in asked if machine.last is not None}
    answers: list[Answer] = []
    while waiting and not any(answer.status == 200 for answer in answers):
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        answers += [future.result() for future in done]
    return answers


def _in_turn(machines: Sequence[Machine], request: "Request") -> list[Answer]:
    """Post to one after the other, until one has it."""
    answers: list[Answer] = []
    for machine in machines:
        answers.append(request.post(machine))
        if answers[-1].status == 200:
            break
    return answers


@dataclass(frozen=True)
class Request:
    """Some events in a row, under a name."""

    client: str
    first: int
    stop: int
    own_ids: bool
    name: str
    record: "Record"

    def post(self, machine: Machine) -> Answer:
        """Post to a machine once, and record its answer."""
        events = [
            event(self.client, number, self.own_ids) for number in range(self.first, self.stop)
        ]
        headers = {"Content-Type": "application/json", "Idempotency-Key": self.name}
        body = _written(events, machine.variant, headers)
        connection = http.client.HTTPConnection(machine.address, timeout=ANSWER)
        try:
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            text = response.read().decode().strip()
            after = float(response.headers.get("Retry-After", 0))
            answer = Answer(machine.name, response.status, text, after)
        except (OSError, http.client.HTTPException) as error:
            answer = Answer(machine.name, 0, type(error).__name__)
        finally:
            connection.close()
        self.record.answered(self, answer)
        return answer


def event(client: str, number: int, own_ids: bool) -> dict[str, Any]:
    """Return a client's trade of that number, always the same one."""
    chance = random.Random(f"{client} {number}")
    headers = {"client": client, "seq": str(number)}
    if own_ids:
        headers["id"] = f"{client}/{number}"
    share = chance.choice(("ACME", "Žižkov a.s.", "Müller & Søn", "三菱"))
    return {
        "headers": headers,
        "body": f"buy {chance.randrange(1, 9)}00 {share} at {chance.randrange(1, 90)} €",
    }


def _written(events: list[dict[str, Any]], variant: int, headers: dict[str, str]) -> bytes:
    """Return the events as one of two programs writes them."""
    if variant == 0:
        return json.dumps(events).encode()
    headers["Content-Encoding"] = "gzip"
    turned = [{"body": e["body"], "headers": dict(reversed(e["headers"].items()))} for e in events]
    return gzip.compress(json.dumps(turned, ensure_ascii=False, indent=1).encode(), 1)


class Record:
    """A file of JSON lines: what was made, and each answer."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)
        self._lock = Lock()

    def made(self, request: Request) -> None:
        """Note events before anybody is told of them."""
        self._write(request, {"made": True})

    def answered(self, request: Request, answer: Answer) -> None:
        """Note an answer when it is heard."""
        said = {"at": answer.machine, "status": answer.status, "time": time.time()}
        self._write(request, said | ({"error": answer.error} if answer.status != 200 else {}))

    def _write(self, request: Request, more: dict[str, Any]) -> None:
        line = {"client": request.client, "first": request.first, "stop": request.stop} | more
        with self._lock:
            self._file.write(json.dumps(line) + "\n")


def requests(given: argparse.Namespace, record: Record) -> Iterator[Request]:
    """Yield new requests, and now and then an old one under a new name, as after a crash."""
    chance, number, old = random.Random(given.name), 0, []
    while True:
        stop = number + chance.randint(1, given.most)
        old.append((number, stop))
        yield Request(given.name, number, stop, given.own_ids, f"{given.name}-{number}", record)
        number = stop
        if chance.random() < given.again:
            first, last = chance.choice(old)
            name = f"{given.name}-{first}-again-{number}"
            yield Request(given.name, first, last, given.own_ids, name, record)


def main() -> None:
    """Read the command line and post until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", required=True)
    parser.add_argument("--to", action="append", required=True, metavar="MACHINE=HOST:PORT")
    parser.add_argument("--way", choices=("both", "away"), default="both")
    parser.add_argument("--own-ids", action="store_true", help="name events, not only requests")
    parser.add_argument("--most", type=int, default=40, help="events in a request")
    parser.add_argument("--again", type=float, default=0.05, help="share of repeated requests")
    parser.add_argument("--pause", type=float, default=0.02, help="seconds between two requests")
    parser.add_argument("--record", type=Path, required=True)
    given = parser.parse_args()
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    machines = [Machine(*to.split("=", 1), variant=place) for place, to in enumerate(given.to)]
    record = Record(given.record)
    made = 0
    for request in requests(given, record):
        if request.first >= made:
            made = request.stop
            record.made(request)
        if not deliver(machines, request, given.way, stop) or stop.is_set():
            break
        time.sleep(given.pause)
    for machine in machines:
        machine.thread.shutdown()


if __name__ == "__main__":
    main()
