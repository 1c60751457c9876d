"""How long rotation has to keep files is how old the lines are, when they are read, of a host whose
agent is down and whose sink is out, looked at second by second.
"""

import random
from dataclasses import dataclass

import pytest
from flumec.compiler.build import lint_text

FLOW = """
hosts web = ["web-1"]

agent a on web {{
  source lines : taildir {{
    files = ["/var/log/app.log"]
    keeps = {keeps}s
  }}

  channel spool : file {{
    size = {room}MiB
  }}

  sink out : logger

  lines -> spool
  spool -> out
}}

check "c" {{
  from = a.lines
  to = a.out
  rate = {rate}B/s
  survives = [{survives}]
}}
"""


@dataclass
class Host:
    """Lines of `rate` bytes a second, an agent that is `down` and a sink that is `out`, in seconds
    from the same moment; after that the sink takes `takes` bytes a second.
    """

    room: int
    rate: int
    down: int
    out: int
    takes: float

    def oldest(self) -> float:
        """Return the greatest age of a line when it was read, in seconds."""
        written = read = 0.0
        lies, worst = 0.0, 0.0
        while written < max(self.down, self.out) or written - read > 2:
            written += 1
            if written > self.out and written > self.down:
                lies = max(0.0, lies - self.takes)
            if written > self.down and self.room * 2**20 - lies > 0:
                fits = (self.room * 2**20 - lies) / self.rate
                worst = max(worst, written - read - 1)
                taken = min(fits, written - read)
                read, lies = read + taken, lies + taken * self.rate
        return worst

    def holds(self, keeps: int) -> bool:
        """Whether the compiler says that it is enough if rotation keeps lines for so long."""
        faults = [
            *([f"kill(a, down = {self.down}s)"] if self.down else []),
            *([f"outage(a.out, {self.out}s)"] if self.out else []),
        ]
        flow = FLOW.format(keeps=keeps, room=self.room, rate=self.rate, survives=", ".join(faults))
        codes = {one.code for one in lint_text(flow).diagnostics}
        assert codes <= {"FL601", "FL627"}
        return not codes


def draw(seed: int) -> Host:
    """Return a host by chance: mostly both happen, either of them the longer one."""
    chance = random.Random(seed)
    room, rate = chance.randint(4, 40), chance.randint(100, 500) * 1000
    fills = room * 2**20 / rate
    down = int(fills * chance.choice((0, 0.4, 1.5, 3)))
    out = int(fills * chance.choice((0, 0.8, 2, 4)))
    return Host(room, rate, down, out or 0 if down else out or 300, rate * chance.uniform(1.2, 4))


def agree(seeds: range) -> None:
    for seed in seeds:
        host = draw(seed)
        oldest = host.oldest()

        assert host.holds(int(oldest) + 4), (seed, oldest, host)
        assert oldest < 5 or not host.holds(max(1, int(oldest) - 4)), (seed, oldest, host)


def test_lines_are_kept_for_as_long_as_they_wait() -> None:
    agree(range(4))


@pytest.mark.slow
def test_lines_of_many_hosts_are_kept_for_as_long_as_they_wait() -> None:
    agree(range(4, 200))
