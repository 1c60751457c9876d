"""Python's threads as fibres, for code that knows nothing of it, while a world is open.

Everything that waits in the standard library's `threading` and `concurrent.futures` waits in
`Condition.wait` at last; so this, `Thread` and the pool of threads are all that must be replaced.
Locks are not: no fibre waits while it holds one that another wants, as a thread of an agent must
not either.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from flumec.compiler.world.fibres import Fibre, Owner, Scheduler, Waiter

_WAIT = threading.Condition.wait
_FIBRE = "_flumec_fibre"


@contextmanager
def simulated(scheduler: Scheduler) -> Iterator[None]:
    """Have fibres for threads; of one world at a time, in one thread."""
    mine = threading.get_ident()
    thread, pool, condition = threading.Thread, ThreadPoolExecutor, threading.Condition
    kept = [
        (owner, name, getattr(owner, name))
        for owner, name in (
            (condition, "wait"), (thread, "start"), (thread, "join"), (thread, "is_alive"),
            (pool, "submit"), (pool, "shutdown"),
        )
    ]  # fmt: skip
    if kept[0][2] is not _WAIT:
        raise RuntimeError("two worlds cannot be open at once")
    replaced = _replacements(scheduler, {name: old for _, name, old in kept}, mine)
    for owner, name, _ in kept:
        setattr(owner, name, replaced[name])
    try:
        yield
    finally:
        for owner, name, old in kept:
            setattr(owner, name, old)


def _replacements(
    scheduler: Scheduler, real: dict[str, Any], mine: int
) -> dict[str, Callable[..., Any]]:
    def wait(self: Any, timeout: float | None = None) -> bool:
        if threading.get_ident() != mine:
            return bool(real["wait"](self, timeout))
        return _wait(scheduler, self, timeout)

    def start(self: threading.Thread) -> None:
        running = scheduler.current
        if running is None or threading.get_ident() != mine:
            real["start"](self)
            return
        setattr(self, _FIBRE, scheduler.spawn(running.owner, self.name, self.run))

    def join(self: threading.Thread, timeout: float | None = None) -> None:
        fibre: Fibre | None = getattr(self, _FIBRE, None)
        if fibre is None:
            real["join"](self, timeout)
        else:
            scheduler.join(fibre, timeout)

    def is_alive(self: threading.Thread) -> bool:
        fibre: Fibre | None = getattr(self, _FIBRE, None)
        return bool(real["is_alive"](self)) if fibre is None else not fibre.done

    return {
        "wait": wait, "start": start, "join": join, "is_alive": is_alive,
        **_pools(scheduler, real),
    }  # fmt: skip


def _pools(scheduler: Scheduler, real: dict[str, Any]) -> dict[str, Callable[..., Any]]:
    def submit(self: ThreadPoolExecutor, work: Callable[..., Any], /, *args: Any, **named: Any):  # type: ignore[no-untyped-def] # noqa: ANN202 as the library has it
        running = scheduler.current
        if running is None:
            return real["submit"](self, work, *args, **named)
        return _crew(self, scheduler).take(running.owner, lambda: work(*args, **named))

    def shutdown(self: ThreadPoolExecutor, *args: Any, **named: Any) -> None:
        if scheduler.current is None:
            real["shutdown"](self, *args, **named)
        else:
            _crew(self, scheduler).finish()

    return {"submit": submit, "shutdown": shutdown}


def linger(scheduler: Scheduler, event: threading.Event, period: float) -> bool:
    """Wait until the event is set, as one who tries something every `period` seconds meanwhile."""
    condition: Any = event._cond  # type: ignore[attr-defined]
    with condition:
        if not event.is_set():
            _parked(condition, scheduler, lambda waiter: scheduler.linger(waiter, period))
    return event.is_set()


def _wait(scheduler: Scheduler, condition: Any, timeout: float | None) -> bool:
    """Wait as `Condition.wait` does."""
    return _parked(condition, scheduler, lambda waiter: scheduler.park(waiter, timeout))


def _parked(condition: Any, scheduler: Scheduler, park: Callable[[Waiter], bool]) -> bool:
    """Be parked as a waiter of a condition: its lock is let go of meanwhile, and held again."""
    if not condition._is_owned():
        raise RuntimeError("cannot wait on un-acquired lock")
    waiter = scheduler.waiter()
    condition._waiters.append(waiter)
    held = condition._release_save()
    try:
        return park(waiter)
    finally:
        condition._acquire_restore(held)
        if waiter in condition._waiters:
            condition._waiters.remove(waiter)


def _crew(pool: Any, scheduler: Scheduler) -> "_Crew":
    if not hasattr(pool, _FIBRE):
        setattr(pool, _FIBRE, _Crew(scheduler, pool._max_workers))
    crew: _Crew = getattr(pool, _FIBRE)
    return crew


class _Crew:
    """The fibres of a pool."""

    def __init__(self, scheduler: Scheduler, most: int) -> None:
        self._scheduler, self._most = scheduler, most
        self._tasks: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._fibres: list[Fibre] = []

    def take(self, owner: Owner, work: Callable[[], Any]) -> "Future[Any]":
        """Have a fibre do something once one is free."""
        result: Future[Any] = Future()
        self._tasks.append((result, work))
        self._fibres = [fibre for fibre in self._fibres if not fibre.done]
        if len(self._fibres) < self._most:
            self._fibres.append(self._scheduler.spawn(owner, "pool", self._work))
        return result

    def finish(self) -> None:
        """Wait for all that was taken."""
        for fibre in self._fibres:
            self._scheduler.join(fibre)

    def _work(self) -> None:
        while self._tasks:
            result, work = self._tasks.popleft()
            try:
                done = work()
            except Exception as error:
                result.set_exception(error)
            else:
                result.set_result(done)
