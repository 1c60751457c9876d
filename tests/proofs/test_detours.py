"""Where events go that come to no sink, and how many copies of one do."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claims import claims
from flumec.compiler.proofs.words import reasoning

FLEET = """
hosts edge_hosts = ["e1"]
hosts store_hosts = [{stores}]

agent edge on edge_hosts {{
  source made : seq {{
    total = 30
  }}
  channel out : file
  channel dead : file

  made -> out
}}

agent store on store_hosts {{
  channel inbox : file
  sink files : file_roll {{
    directory = "/srv/out"
  }}

  inbox -> files
}}

edge.out => store.inbox {{
  port = 4101
  dead_letter = dead
{policy}}}
"""

ALL, FAILOVER = "  policy = all\n", "  policy = failover\n  in_doubt = wait\n"


@pytest.mark.parametrize(
    ("stores", "policy", "copies"),
    [('"s1", "s2"', ALL, True), ('"s1", "s2"', FAILOVER, False), ('"s1"', ALL, False)],
)
def test_each_of_several_peers_may_reject_its_copy(stores: str, policy: str, copies: bool) -> None:
    (claim,) = claims(Graph(lint_text(FLEET.format(stores=stores, policy=policy)).fleet))

    letter = "what is a dead letter goes to edge.dead"
    said = [line for about, line in reasoning(claim) if about == "else"]
    assert said == [letter + ", each copy of it" * copies]
