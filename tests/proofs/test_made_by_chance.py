"""What makes a key may be another thing for the next copy: then it does not know it."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Failure
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts edge_hosts = [EDGES]
hosts relay_hosts = ["r1", "r2"]
hosts other_hosts = ["r3"]
hosts store_hosts = [STORES]

agent edge on edge_hosts {
  source posts : http {
    port = 4100
    headers {
      required = [header.user, header.kind]
    }
  }
  channel c : file
  channel letters : file

  posts -> EDGE
}

agent relay on relay_hosts {
  source feed : link
  channel inbox : file

  feed -> RELAY
}

agent other on other_hosts {
  source feed : link
  channel inbox : file

  feed -> OTHER
}

agent store on store_hosts {
  source rescued : link
  channel inbox : file
  channel late : file

  sink out : file_roll {
    directory = "/srv/out"
    format = json

    dedup {
      key = header.id
      late = late
    }
  }

  rescued -> RESCUED -> inbox
  inbox -> out
}

edge.c => relay.feedTARGETS {
  port = 4200
  policy = POLICY
  LETTERS
}

edge.letters => store.rescued {
  port = 4201
}

relay.inbox => store.inbox {
  port = 4202
  policy = LAST
}

other.inbox => store.inbox {
  port = 4203
  policy = LAST
}
"""

BODY = "fingerprint(header.id, of = [body], preserve = false)"
MORE = "fingerprint(header.id, of = [header.user, body], preserve = false)"
HOST = "host(preserve = false)"
LACKING = "fingerprint(header.id, of = [header.host, body], preserve = true)"
TIME = "timestamp(preserve = false)"
TIMED = "fingerprint(header.id, of = [header.timestamp, body], preserve = false)"
FOUND = r'regex_extract(r"^(\d+) ", into = [header.timestamp])'
SHARD = r'regex_extract(r"shard=(\w+)", into = [header.shard])'
TWO = '"h1", "h2"'


def route(header: str, first: str = BODY, second: str = MORE) -> str:
    """Return a route whose arms make the key by steps of their own."""
    return (
        f'route header.{header} {{\n    "h1" -> {first} -> END\n    else -> {second} -> END\n  }}'
    )


def is_known(edge: str = "END", relay: str = "END", **said: str) -> bool:
    """Return whether the sink knows what a client repeats."""
    words = {
        "EDGE": edge, "RELAY": relay, "OTHER": "END", "EDGES": '"e1"', "STORES": '"s1"',
        "POLICY": "hash(header.user)", "LAST": "hash(header.user)", "TARGETS": "", "LETTERS": "",
        "RESCUED": BODY,
    } | {name.upper(): text for name, text in said.items()}  # fmt: skip
    text = FLEET
    for name in ("EDGES", "STORES", "POLICY", "LAST", "TARGETS", "LETTERS", "RESCUED"):
        text = text.replace(name, words[name])
    for name, end in (("EDGE", "c"), ("RELAY", "inbox"), ("OTHER", "inbox")):
        text = text.replace(f"feed -> {name}", f"feed -> {words[name].replace('END', end)}")
        text = text.replace(f"posts -> {name}", f"posts -> {words[name].replace('END', end)}")
    found = lint_text(text)
    assert found.fleet is not None
    claim = next(each for each in claims(Graph(found.fleet)) if each.sink == ("store", "out"))
    return not claim.effects(Failure.CLIENT_RETRIED)


@pytest.mark.parametrize(("by", "known"), [("at", False), ("user", True)])
def test_a_host_that_is_chosen_by_the_clock(by: str, known: bool) -> None:
    edge, relay = "timestamp(header = header.at) -> END", f"{HOST} -> {LACKING} -> END"

    assert is_known(edge, relay, policy=f"hash(header.{by})") is known


@pytest.mark.parametrize(
    ("steps", "known"),
    [
        (f"{TIME} -> {FOUND} -> {TIMED}", False),
        (f"timestamp(preserve = true) -> {FOUND} -> {TIMED}", False),
        (f"{FOUND} -> {TIMED}", True),
        (f"{FOUND} -> {BODY}", True),
        (f"{TIME} -> {FOUND} -> {BODY}", True),
    ],
)
def test_what_a_step_does_not_find_is_what_it_was(steps: str, known: bool) -> None:
    assert is_known(f"{steps} -> END") is known


@pytest.mark.parametrize(
    ("steps", "known"), [(f"host(header = header.shard) -> {SHARD}", False), (SHARD, True)]
)
def test_a_link_that_chooses_by_what_was_not_found(steps: str, known: bool) -> None:
    made = f"{BODY} -> {steps} -> END"

    assert is_known(made, edges=TWO, stores=TWO, last="hash(header.shard)") is known


@pytest.mark.parametrize(
    ("before", "header", "known"),
    [
        (HOST, "host", False),
        ('static(header.tier, "${host.name}", preserve = false)', "tier", False),
        (HOST, "kind", True),
    ],
)
def test_a_route_whose_arms_make_it_in_two_ways(before: str, header: str, known: bool) -> None:
    assert is_known(f"{before} -> {route(header)}", edges=TWO) is known
    assert is_known(f"{before} -> {route(header, BODY, BODY)}", edges=TWO)
    relay = f"{before} -> {route(header)}".replace("h1", "r1")
    assert is_known(relay=relay, policy="balance") is known


@pytest.mark.parametrize(
    ("relay", "other", "known"),
    [
        (f"{MORE} -> END", f"{MORE} -> END", True),
        (f"{BODY} -> {MORE} -> END", route("kind"), False),
        (route("kind"), f"{BODY} -> END", False),
    ],
)
def test_agents_of_which_one_makes_it_by_a_route(relay: str, other: str, known: bool) -> None:
    said = {"targets": ", other.feed", "policy": "balance"}

    assert is_known(relay=relay, other=other, **said) is known


@pytest.mark.parametrize(("steps", "known"), [(BODY, True), (MORE, False)])
def test_what_a_link_gives_up_comes_by_other_steps(steps: str, known: bool) -> None:
    said = {"letters": "dead_letter = letters", "rescued": steps}

    assert is_known(relay=f"{BODY} -> END", **said) is known
