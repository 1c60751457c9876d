"""What a world draws and what time it is there is its own; nothing of the machine's comes in."""

import random
import secrets
import threading
import uuid
from textwrap import dedent

from flumec.compiler.build import compile_text
from flumec.compiler.world import World
from flumec.compiler.world.chance import drawn

FOLLOWED = """
    hosts web = ["web-1"]

    agent tailer on web {
      source access : taildir {
        files = ["/var/log/access.log"]
        rotated = ["/var/log/access.log.*"]
      }

      channel spool : file

      sink shown : logger

      access -> spool
      spool -> shown
    }
"""


def draws() -> tuple[object, ...]:
    return uuid.uuid4(), secrets.token_bytes(8), random.random()


def test_all_that_is_drawn_follows_from_the_seed_and_after_it_nothing_does() -> None:
    drawings = []
    for seed in (1, 1, 2):
        with drawn(seed):
            drawings.append((draws(), draws()))
    one, again, other = drawings

    assert one == again
    assert not {*one[0], *one[1]} & {*other[0], *other[1]}
    assert one[0] != one[1] != draws()[:2]
    assert draws() != draws()


def test_other_threads_draw_as_ever() -> None:
    found: list[uuid.UUID] = []
    for _ in range(2):
        with drawn(1):
            thread = threading.Thread(target=lambda: found.append(uuid.uuid4()))
            thread.start()
            thread.join()

    assert found[0] != found[1]


def test_directories_have_changed_at_the_world_s_time() -> None:
    compiled = compile_text(dedent(FOLLOWED))
    assert compiled.plan is not None
    with World(compiled.plan) as world:
        began = world.clock.now_ns()
        folder = world.machine("tailer").files.path("/var/log")
        world.advance(100)
        assert folder.stat().st_mtime_ns == began
        world.send("tailer", "access", [])
        world.advance(100)
        world.rotate("tailer", "access")
        assert folder.stat().st_mtime_ns == world.clock.now_ns() == began + 200 * 10**9
