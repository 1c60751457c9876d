"""Copies that go to a store over several relays: what one may lose counts if all may be lost."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Claim, Failure, Harm
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts edge_hosts = ["e1"]
hosts relay_hosts = ["r1", "r2"] {{
  site = "s"
}}
hosts store_hosts = ["st1"] {{
  site = "s"
}}

agent edge on edge_hosts {{
  source made : seq {{
    total = 30
  }}
  channel c0 : {first}
  channel c1 : file

  made -> {targets}
}}

agent relay on relay_hosts {{
  channel inbox : {relayed}
{sink}
}}

edge.c0 => relay.inbox {{
  port = 4101
  policy = all
}}

edge.c1 => relay.inbox {{
  port = 4102
  policy = failover
  in_doubt = wait
}}
{onward}
"""

ONWARD = """
agent store on store_hosts {{
  channel inbox : file
  sink out : file_roll {{
    directory = "/srv/out"
  }}

  inbox -> out
}}

relay.inbox => store.inbox {{
  port = 4103
{within}}}
"""

SINK = """
  sink out : file_roll {
    directory = "/srv/out"
  }

  inbox -> out
"""


def claimed(
    first: str, relayed: str = "file", targets: str = "c0, c1", within: str = "", *, at: str
) -> Claim:
    """Return the claim about what a relay, or the store behind it, gets."""
    here, onward = (SINK, "") if at == "relay" else ("", ONWARD.format(within=within))
    text = FLEET.format(first=first, relayed=relayed, targets=targets, sink=here, onward=onward)
    return claim_of(text, at)


def claim_of(text: str, at: str) -> Claim:
    """Return the claim about the sink of an agent."""
    linted = lint_text(text)
    assert [one.message for one in linted.diagnostics if one.severity == "error"] == []
    return next(one for one in claims(Graph(linted.fleet)) if one.sink == (at, "out"))


@pytest.mark.parametrize(
    ("first", "targets"), [("memory", "c0, c1"), ("file", "c0?, c1"), ("spill", "c0, c1")]
)
def test_a_sure_copy_over_one_relay_makes_up_for_those_over_all(first: str, targets: str) -> None:
    assert claimed(first, targets=targets, at="store").delivery == "at_least_once"


def test_each_relay_is_to_get_a_copy_of_its_own() -> None:
    assert claimed("memory", at="relay").delivery == "best_effort"


def test_copies_over_all_relays_make_up_for_one_over_one_of_them() -> None:
    text = FLEET.format(first="file", relayed="file", targets="c0, c1?", sink=SINK, onward="")

    assert claim_of(text, "relay").delivery == "at_least_once"


def test_from_one_relay_alone_a_copy_comes_to_the_stores_of_its_site() -> None:
    within = "  within = host.site\n"

    assert claimed("memory", within=within, at="store").delivery == "best_effort"


def test_the_place_that_loses_is_the_one_that_loses_all_copies() -> None:
    claim = claimed("memory", relayed="memory", at="store")

    (lost,) = (each for each in claim.effects(Failure.KILLED) if each.harm is Harm.LOSES)
    assert lost.where == "relay.inbox"


SECOND = """
hosts other_hosts = ["r3"] {
  site = "s"
}

agent other on other_hosts {
  channel inbox : file

  sink out : file_roll {
    directory = "/srv/out"
  }

  inbox -> out
}
"""


def test_copies_over_all_of_two_agents_make_up_for_one_over_either() -> None:
    text = FLEET.format(first="file", relayed="file", targets="c0, c1?", sink=SINK, onward=SECOND)
    text = text.replace("=> relay.inbox", "=> relay.inbox, other.inbox")

    assert claim_of(text, "other").delivery == "at_least_once"


SITES = (
    (
        'hosts relay_hosts = ["r1", "r2"] {\n  site = "s"\n}',
        'hosts south = ["r1"] {\n  site = "s"\n}\n\nhosts north = ["r2"] {\n  site = "n"\n}',
    ),
    ("agent relay on relay_hosts", "agent relay on union(south, north)"),
    ('hosts edge_hosts = ["e1"]', 'hosts edge_hosts = ["e1"] {\n  site = "s"\n}'),
)


@pytest.mark.parametrize(
    ("within", "made_up"), [(("host.site",) * 2, True), (("host.site", ""), False)]
)
def test_a_copy_for_all_peers_is_one_where_each_host_has_one(
    within: tuple[str, str], made_up: bool
) -> None:
    text = FLEET.format(first="file", relayed="file", targets="c0?, c1", sink=SINK, onward="")
    for known, other in SITES:
        text = text.replace(known, other)
    for policy, name in zip(("policy = all", "policy = failover"), within, strict=True):
        text = text.replace(policy, f"{policy}\n  within = {name}" if name else policy)

    assert (claim_of(text, "relay").delivery == "at_least_once") is made_up


@pytest.mark.parametrize(
    ("lost", "made_up"),
    [("balance", True), ("failover", True), ("hash(header.id)", False), ("all", False)],
)
def test_where_both_copies_go_to_either_agent_one_of_them_is_enough(
    lost: str, made_up: bool
) -> None:
    """By a hash a copy is promised to the one agent that the header's value chooses."""
    text = FLEET.format(first="file", relayed="file", targets="c0?, c1", sink=SINK, onward=SECOND)
    text = text.replace("made ->", "made -> fingerprint(header.id) ->")
    text = text.replace("=> relay.inbox", "=> relay.inbox, other.inbox")

    claim = claim_of(text.replace("policy = all", f"policy = {lost}"), "other")

    assert (claim.delivery == "at_least_once") is made_up
