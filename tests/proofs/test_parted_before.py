"""Copies that a link sends to several agents, which do not all lead to the sink that knows them."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Failure
from flumec.compiler.proofs.claims import claims

EDGE = """
hosts edge_hosts = ["e1"]
hosts one_hosts = ["r1"]
hosts two_hosts = ["r2"]
hosts third_hosts = ["st1"]
hosts fourth_hosts = ["st2"]

agent edge on edge_hosts {
  source posts : http {
    port = 4100
  }
  channel c0 : file

  posts -> timestamp(header = header.at) -> c0
}
"""

RELAY = """
agent NAME on HOSTS {
  source feed : link
  channel inbox : file

  feed -> STEPS inbox
}
"""

STORE = """
agent NAME on HOSTS {
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

  inbox -> out
}
"""


def link(channel: str, targets: str, port: int, policy: str = "single") -> str:
    return f"\n{channel} => {targets} {{\n  port = {port}\n  policy = {policy}\n}}\n"


def fleet(policy: str, steps: str, stores: tuple[str, str]) -> str:
    begin = (
        text.replace("NAME", name).replace("HOSTS", f"{name}_hosts").replace("STEPS", steps)
        for text, names in ((RELAY, ("one", "two")), (STORE, dict.fromkeys(stores)))
        for name in names
    )
    links = (
        link("edge.c0", "one.feed, two.feed", 4200, policy),
        link("one.inbox", f"{stores[0]}.inbox", 4201),
        link("two.inbox", f"{stores[1]}.inbox", 4202),
    )
    return "".join((EDGE, *begin, *links))


APART, TOGETHER = ("third", "fourth"), ("third", "third")
ANEW = "fingerprint(header.id, of = [body]) ->"


@pytest.mark.parametrize(
    ("policy", "steps", "stores", "known"),
    [
        ("balance", "", TOGETHER, True),
        ("balance", "", APART, False),
        ("hash(header.id)", "", APART, True),
        ("hash(header.id)", ANEW, APART, True),
        ("hash(header.at)", ANEW, APART, False),
        ("hash(header.id)", ANEW, TOGETHER, True),
        ("all", "", APART, True),
    ],
)
def test_whether_all_copies_come_to_one_sink(
    policy: str, steps: str, stores: tuple[str, str], known: bool
) -> None:
    result = lint_text(fleet(policy, steps, stores))
    assert result.fleet is not None
    assert not [each for each in result.diagnostics if each.severity == "error"]

    found = {claim.sink[0]: claim for claim in claims(Graph(result.fleet))}

    assert (Failure.CLIENT_RETRIED in found["third"].through) is known
    came = "copies of an event come with one `header.id`" in found["third"].assuming
    assert came is (steps == ANEW and policy == "hash(header.id)" and stores == APART)
