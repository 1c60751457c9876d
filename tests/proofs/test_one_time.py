"""Two hosts' clocks may show one time: it tells events apart no more than nothing does."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Failure, Harm
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts edge_hosts = [{hosts}]
hosts store_hosts = ["s1"]

agent edge on edge_hosts {{
  source made : seq {{
    total = 30
  }}
  channel c : file

  made -> {marks} -> fingerprint(header.id, of = [header.mark, body]) -> c
}}

agent store on store_hosts {{
  channel inbox : file
  channel late : file
  sink out : file_roll {{
    directory = "/srv/out"
    format = json

    dedup {{
      key = header.id
      late = late
    }}
  }}

  inbox -> out
}}

edge.c => store.inbox {{
  port = 4101
}}
"""

CLOCK, HOST = "timestamp(header = header.mark)", "host(header = header.mark)"


@pytest.mark.parametrize(
    ("hosts", "marks", "loses"),
    [('"e1", "e2"', CLOCK, True), ('"e1", "e2"', HOST, False), ('"e1"', CLOCK, False)],
)
def test_what_hosts_number_alike_is_told_apart_by_the_host(
    hosts: str, marks: str, loses: bool
) -> None:
    fleet = lint_text(FLEET.format(hosts=hosts, marks=marks)).fleet
    assert fleet is not None
    (claim,) = claims(Graph(fleet))

    lost = any(Harm.LOSES in effect.harm for effect in claim.worst.get(Failure.ALWAYS, ()))

    assert lost is loses
