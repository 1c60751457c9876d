"""What a lost host passed on and had not acknowledged is sent again: a claim says so."""

import pytest
from flumec.compiler.build import Compiled, compile_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Claim, Failure, Harm
from flumec.compiler.proofs.claims import claims
from flumec.compiler.world import World
from flumec.compiler.world.events import Event
from flumec.compiler.world.process import state_of
from flumec.runtime.links.loss import Loss

FLEET = """
hosts web = ["web-1"]
hosts middle = ["relay-1", "relay-2"]
hosts core = ["core-1"]

agent tailer on web {
  source lines : taildir {
    files = ["/var/log/app.log"]
  }
  channel spool : file

  lines -> spool
}

agent relay on middle {
  source passing : link
  channel pass : file

  passing -> STEPS pass
}

agent book on core {
  channel inbox : file
  channel late : file
  sink store : file_roll {
    directory = "/srv/lines"
    dead_letter = late
    DEDUP
  }

  inbox -> store
}

tailer.spool => relay.passing {
  port = 4141
  policy = failover
  in_doubt = wait
}

relay.pass => book.inbox {
  port = 4141
}
"""
HOST = "host() -> fingerprint(header.id, of = [header.host, body]) ->"
BODY = "fingerprint(header.id, of = [body]) ->"


def compiled(key: str, steps: str = "") -> Compiled:
    dedup = f"dedup {{\n      key = {key}\n    }}" if key else ""
    result = compile_text(FLEET.replace("STEPS", steps).replace("DEDUP", dedup))
    assert result.plan is not None, [each.message for each in result.diagnostics]
    return result


def claim_of(made: Compiled) -> Claim:
    return next(each for each in claims(Graph(made.fleet)) if each.source == ("tailer", "lines"))


def repeats_at(claim: Claim, failure: Failure) -> set[str]:
    return {each.where for each in claim.effects(failure) if each.harm is Harm.REPEATS}


@pytest.mark.parametrize(
    ("key", "steps", "known"),
    [
        ("", "", False),
        ("tag", "", True),
        ("header.id", BODY, True),
        ("header.id", HOST, False),
    ],
    ids=["no dedup", "tag", "body", "host"],
)
def test_a_key_that_is_the_same_on_both_relays_knows_what_one_of_them_passed_on(
    key: str, steps: str, known: bool
) -> None:
    claim = claim_of(compiled(key, steps))

    assert repeats_at(claim, Failure.HOST_LOST) == (set() if known else {"relay.passing"})
    assert claim.delivery == "exactly_once", "a delivery is not about what is lost for good"


@pytest.mark.parametrize(("key", "number"), [("", 2), ("tag", 1)])
def test_so_it_goes(key: str, number: int) -> None:
    made = compiled(key)
    assert made.plan is not None
    with World(made.plan) as world:
        world.advance(2)
        world.network.cut("relay-1", "web-1")
        world.send("tailer", "lines", [Event(b"one")])
        world.advance(2)
        world.machines["relay-1"].cut_power()  # and nobody switches it on again
        world.advance(30)
        sender = world.machines["web-1"].processes["tailer"]
        Loss(sender.disk, state_of(sender.agent), "to_relay_1").say("relay-1")
        world.advance(400)
        assert len(world.delivered("book", "store")) == number


@pytest.mark.parametrize(
    ("sink", "where"),
    [
        ('file_roll {\n    directory = "/srv/lines"\n  }', set()),
        ('hdfs {\n    path = "hdfs://nn.example.com/lines"\n  }', {"book.inbox"}),
    ],
    ids=["file_roll", "hdfs"],
)
def test_files_that_are_lost_with_the_host_are_no_first_copy(sink: str, where: set[str]) -> None:
    text = f"""
hosts web = ["web-1"]
hosts core = ["core-1"]

agent tailer on web {{
  source lines : seq
  channel spool : file

  lines -> spool
}}

agent book on core {{
  channel inbox : file
  sink store : {sink}

  inbox -> store
}}

tailer.spool => book.inbox {{
  port = 4141
}}
"""
    claim = claim_of(compile_text(text))

    assert repeats_at(claim, Failure.HOST_LOST) == where
    assert repeats_at(claim, Failure.DISK_LOST) >= {"tailer.lines"}
