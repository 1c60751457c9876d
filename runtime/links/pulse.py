"""Signs of life on a connection: when to ping, and how much silence means that the end is gone."""

from flumec.runtime.links.faults import Disconnected


class Pulse:
    """Pings every third of `time_out` seconds; a whole `time_out` without a byte is silence.

    Zero credit is not silence: pings and acknowledgements always flow, so a full receiver stays
    alive. All times are the clock's `monotonic`, in seconds.
    """

    def __init__(self, time_out: float, now: float) -> None:
        self.time_out = time_out
        self._heard = now
        self._pinged = now

    def heard(self, now: float) -> None:
        """Note that something came in."""
        self._heard = now

    def check(self, now: float) -> None:
        """Raise Disconnected after a time-out of silence."""
        if now - self._heard >= self.time_out:
            raise Disconnected(f"silent for {now - self._heard:.1f}s")

    def ping_due(self, now: float) -> bool:
        """Say whether to ping now; it is then taken as done."""
        if now < self.next:
            return False
        self._pinged = now
        return True

    @property
    def next(self) -> float:
        """When to ping next."""
        return self._pinged + self.time_out / 3
