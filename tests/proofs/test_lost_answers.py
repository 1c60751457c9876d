"""What an `http` stored, passed on and had not answered is stored again once its disk is lost."""

from flumec.compiler.build import compile_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Failure, Harm
from flumec.compiler.proofs.claims import claims
from flumec.compiler.world import World
from flumec.compiler.world.events import Event
from flumec.runtime.testing import CrashDisk

FLEET = """
hosts edge_hosts = ["edge-1"]

agent edge on edge_hosts {
  source posts : http {
    port = 8080
    request_id = "Idempotency-Key"
  }
  channel spool : file
  sink store : hdfs {
    path = "hdfs://nn.example.com/posts"
    roll {
      every = 1m
    }
  }

  posts -> spool
  spool -> store
}
"""


def test_it_is_claimed_and_comes_to_pass() -> None:
    made = compile_text(FLEET)
    assert made.plan is not None
    (claim,) = claims(Graph(made.fleet))

    for failure in (Failure.DISK_LOST, Failure.HOST_LOST):
        (again,) = [each for each in claim.effects(failure) if each.harm is Harm.REPEATS]
        assert again.where == "edge.posts"
    with World(made.plan) as world:
        world.advance(1)
        world.network.cut("edge-1", "client")
        world.send("edge", "posts", [Event(b"one")])
        world.advance(90)
        assert len(world.delivered("edge", "store")) == 1
        machine = world.machines["edge-1"]
        machine.kill("edge")
        machine.disk = CrashDisk()
        world.network.reset("edge-1", "client")
        world.network.heal("edge-1", "client")
        machine.start("edge")
        assert world.rest(600)
        assert len(world.delivered("edge", "store")) == 2
