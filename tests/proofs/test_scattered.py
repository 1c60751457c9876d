"""A key is known where it was written: copies that come to two hosts, or agents, are both kept."""

from itertools import chain

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Failure, Harm
from flumec.compiler.proofs.claims import claims

BEGIN = """
hosts edge_hosts = ["e1"]
hosts first_hosts = ["r1"] {
  site = "north"
}
hosts second_hosts = ["r2"] {
  site = "south"
}

agent edge on edge_hosts {
  source posts : http {
    port = 4100
  }

  CHANNELS

  posts -> timestamp(header = header.host) -> fingerprint(header.id, of = [body]) -> TARGETS
}
"""

RELAY = """
agent NAME on HOSTS {
  source feed : link
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

  feed -> inbox
  inbox -> out
}
"""

ID = "fingerprint(header.id, of = [body]) -> "
WAY = f"  posts -> timestamp(header = header.host) -> {ID}"

BOTH = "one.feed, two.feed"


def link(channel: str, targets: str, *said: str) -> str:
    port = 4200 + int(channel[-1])
    lines = "".join(f"  {line}\n" for line in said)
    return f"\nedge.{channel} => {targets} {{\n  port = {port}\n{lines}}}\n"


def worst(text: str) -> set[tuple[Failure, Harm]]:
    """Return what failures do to events at the first relay's sink."""
    result = lint_text(text)
    assert result.fleet is not None
    assert not [each for each in result.diagnostics if each.severity == "error"]
    found = {(claim.source, claim.sink): claim for claim in claims(Graph(result.fleet))}
    effects = chain.from_iterable(found[("edge", "posts"), ("one", "out")].worst.values())
    return {(effect.failure, effect.harm) for effect in effects}


def repeats(text: str) -> set[Failure]:
    """Return the failures that repeat events there."""
    return {failure for failure, harm in worst(text) if Harm.REPEATS in harm}


def fleet(targets: str, *links: str) -> str:
    twins = (
        RELAY.replace("NAME", name).replace("HOSTS", hosts)
        for name, hosts in (("one", "first_hosts"), ("two", "second_hosts"))
    )
    channels = "\n  ".join(f"channel {name} : file" for name in targets.split(", "))
    begin = BEGIN.replace("TARGETS", targets).replace("CHANNELS", channels)
    return "".join((begin, *twins, *links))


ALL = ("policy = all",)
WAITS = ("policy = failover", "in_doubt = wait")
BY_NAME = ("policy = hash(header.name)",)
BY_ID = ("policy = hash(header.id)",)


@pytest.mark.parametrize(
    ("first", "second", "known"),
    [
        pytest.param((BOTH, *WAITS), None, False, id="a link that chooses an agent"),
        pytest.param((BOTH, *BY_ID), None, True, id="a link that chooses by the key"),
        pytest.param((BOTH, "policy = hash(header.host)"), None, False, id="by what is not in it"),
        pytest.param((BOTH, *BY_NAME), None, True, id="by what clients send"),
        pytest.param((BOTH, *ALL), None, True, id="each of them gets a copy"),
        pytest.param((BOTH, *ALL), (BOTH, *WAITS), True, id="each does, and one gets another"),
        pytest.param((BOTH, *ALL), (BOTH, "policy = failover"), True, id="or two others"),
        pytest.param((BOTH, *ALL), ("one.feed",), True, id="each does, and this one another"),
        pytest.param((BOTH, *BY_ID), (BOTH, *BY_ID), True, id="both choose alike"),
        pytest.param((BOTH, *BY_ID), (BOTH, *WAITS), False, id="one chooses by the key alone"),
        pytest.param((BOTH, *BY_ID), ("one.feed",), False, id="the other one does not choose"),
        pytest.param((BOTH, *BY_ID), (BOTH, *ALL), True, id="by the key, and each gets one anyway"),
    ],
)  # fmt: skip
def test_whether_copies_come_to_a_sink_that_knows_them(
    first: tuple[str, ...], second: tuple[str, ...] | None, known: bool
) -> None:
    links = [link("c0", *first), *([link("c1", *second)] if second else [])]

    found = repeats(fleet("c0, c1" if second else "c0", *links))

    assert (Failure.CLIENT_RETRIED in found) is not known
    assert (Failure.ALWAYS in found) is (second is not None and not known)


def test_a_copy_to_all_that_leaves_by_other_steps_may_be_another_event() -> None:
    text = fleet("c0, c1", link("c0", BOTH, *ALL), link("c1", BOTH, *WAITS))
    apart = text.replace(f"{WAY}c0, c1", f'{WAY}c1\n  posts -> regex_filter("a") -> c0')

    assert Failure.ALWAYS in repeats(apart)


MIDDLE = """
hosts m1 = ["m1"] {
  site = "north"
}
hosts m2 = ["m2"] {
  site = "south"
}

agent middle on union(m1, m2) {
  channel inbox : file
}

middle.inbox => one.feed, two.feed {
  port = 4300
  policy = failover
  within = host.site
}
"""


@pytest.mark.parametrize(("policy", "known"), [(BY_ID, True), (WAITS, False), (ALL, True)])
def test_copies_that_wait_at_two_sites_go_on_from_both(
    policy: tuple[str, ...], known: bool
) -> None:
    found = repeats(fleet("c0", link("c0", "middle.inbox", *policy), MIDDLE))

    assert (Failure.CLIENT_RETRIED in found) is not known


LINES = """  source lines : taildir {
    files = ["/var/log/lines.log"]
  }

"""


@pytest.mark.parametrize(("other", "known"), [("lines", True), ("posts", False)])
def test_what_another_source_sends_by_a_link_of_its_own_is_no_copy(other: str, known: bool) -> None:
    text = fleet("c0, c1", link("c0", BOTH, *BY_ID), link("c1", BOTH, *WAITS))
    begin = LINES if other == "lines" else ""
    parted = f"{begin}{WAY}c0\n{WAY.replace('posts', other)}c1"

    found = repeats(text.replace(f"{WAY}c0, c1", parted))

    assert (Failure.CLIENT_RETRIED in found) is not known


def test_what_a_host_knows_it_leaves_out_though_copies_come_to_another_one_as_well() -> None:
    text = fleet("c0", link("c0", BOTH, *WAITS))
    posts = text[text.index("  source posts") : text.index("  channel c0")]
    numbers = "  source posts : seq {\n    total = 9\n  }\n\n"
    apart = text.replace(posts, numbers).replace('["e1"]', '["e1", "e2"]')

    assert (Failure.ALWAYS, Harm.LOSES) in worst(apart)
