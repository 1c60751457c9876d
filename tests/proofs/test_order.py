"""Where order is claimed, and where not: copies of which one is lost, headers set anew."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Order
from flumec.compiler.proofs.claims import claims
from flumec.compiler.proofs.words import order_words

COPIED = """hosts here = ["here-1"]

hosts between = ["relay-1", "relay-2"]

hosts there = ["there-1", "there-2"]

agent a on here {
  source in : http {
    port = 8080
    bind = "127.0.0.1"
    request_id = "Id"
  }

  channel spool : FIRST

  in -> spool
}

agent b on between {
  channel inbox : SECOND
}

agent c on there {
  source feed : link

  channel held : THIRD

  sink out : file_roll {
    directory = "/srv/a"
  }

  feed -> STEP held
  held -> out
}

a.spool => b.inbox {
  port = 4141
  tls = mutual
  policy = POLICY
}

b.inbox => c.feed {
  port = 4142
  tls = mutual
  policy = hash(header.user)
}
"""
"""Two relays that each get a copy, or some of the events, and what they have meets in one sink."""

DROPS = "file {\n    when_full = drop_oldest\n  }"


def order_of(text: str) -> Order:
    linted = lint_text(text)
    assert [one.message for one in linted.diagnostics if one.severity == "error"] == []
    found = claims(Graph(linted.fleet))
    return next(one for one in found if one.source[1] == "in" and one.sink[1] == "out").order


def copied(
    first: str = "file", second: str = "file", third: str = "file", *, policy: str = "all",
    step: str = "",
) -> Order:  # fmt: skip
    text = COPIED.replace("FIRST", first).replace("SECOND", second).replace("THIRD", third)
    return order_of(text.replace("POLICY", policy).replace("STEP ", step))


def test_copies_that_all_arrive_keep_the_order_of_the_first() -> None:
    assert copied().keys == {"user"}


@pytest.mark.parametrize("kind", ["memory", DROPS], ids=["memory", "drops"])
@pytest.mark.parametrize("place", [0, 1, 2], ids=["sender", "relay", "receiver"])
def test_a_copy_that_may_be_lost_leaves_none(kind: str, place: int) -> None:
    """Also in the very channel that is copied: each peer has it for itself."""
    kinds = ["file", "file", "file"]
    kinds[place] = kind

    order = copied(*kinds)

    assert order.keys is None
    assert "may lose a copy" in order.reason
    assert order.span is not None


@pytest.mark.parametrize("place", [0, 1, 2], ids=["sender", "relay", "receiver"])
def test_what_is_not_copied_may_be_lost_without_harm_to_the_order(place: int) -> None:
    kinds = ["file", "file", "file"]
    kinds[place] = DROPS

    assert copied(*kinds, policy="hash(header.user)").keys == {"user"}


def test_a_header_that_is_set_anew_is_not_the_one_that_chose_the_way() -> None:
    anew = 'regex_extract(r"user=(\\w+)", into = [header.user]) -> '

    assert copied(policy="hash(header.user)", step=anew).keys is None
    assert copied(policy="all", step=anew).keys is None
    assert copied(policy="hash(header.kind)", step=anew).keys is None
    assert copied(policy="hash(header.user)", step=anew.replace("user]", "kind]")).keys == {"user"}


ALONE = """hosts here = [HOSTS]

hosts there = ["there-1", "there-2"]

agent a on here {
  source in : http {
    port = 8080
    bind = "127.0.0.1"
    request_id = "Id"
  }

  channel spool : file

  in -> STEPS spool
}

agent b on there {
  channel inbox : file

  sink out : file_roll {
    directory = "/srv/a"
  }

  inbox -> out
}

a.spool => b.inbox {
  port = 4141
  tls = mutual
  policy = hash(header.user)
}
"""

FIX, FIND = 'static(header.user, "x")', 'regex_extract(r"user=(\\w+)", into = [header.user])'


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((), "per header.user"),
        ((FIX.replace('")', '", preserve = false)'),), "per source"),
        ((FIND,), "per header.user"),
        ((FIND, FIX.replace('")', '", preserve = false)')), "per source"),
        ((FIX.replace('")', '", preserve = false)'), FIND), "per header.user"),
        ((FIX.replace('")', '", preserve = false)'), FIX), "per source"),
        ((FIX,), "per header.user"),
    ],
    ids=["none", "fixed", "found", "found, fixed", "fixed, found", "fixed, kept", "kept"],
)
def test_the_last_step_that_sets_a_header_decides_whether_it_has_one_value(
    steps: tuple[str, ...], said: str
) -> None:
    chain = "".join(f"{step} -> " for step in steps)
    text = ALONE.replace("HOSTS", '"here-1"').replace("STEPS ", chain)

    assert order_words(order_of(text)) == said


BOOKED = """hosts feeds = [HOSTS]

hosts vault = ["vault-1"]

agent feed on feeds {
  source in : http {
    port = 8080
    bind = "127.0.0.1"
    request_id = "Id"
  }

  channel spool : file

  in -> STEPS spool
}

agent book on vault {
  channel inbox : file

  channel late : file

  sink out : file_roll {
    directory = "/srv/trades"

    dedup {
      key = KEY
      late = late
    }
  }

  inbox -> out
}

feed.spool => book.inbox {
  port = 4141
  tls = mutual
}
"""


@pytest.mark.parametrize(
    ("hosts", "key", "said"),
    [
        ('"feed-1"', "header.id", "per source"),
        ('"feed-1", "feed-2"', "header.id", "none"),
        ('"feed-1", "feed-2"', "tag", "per source"),
    ],
    ids=["one host", "two hosts", "two hosts, by tag"],
)
def test_whichever_copy_a_dedup_writes_is_in_the_order_of_its_own_host(
    hosts: str, key: str, said: str
) -> None:
    text = BOOKED.replace("HOSTS", hosts).replace("STEPS ", "").replace("KEY", key)

    assert order_words(order_of(text)) == said


def test_keys_with_the_name_of_a_host_are_of_events_of_that_host_alone() -> None:
    steps = "host(header = header.host) -> fingerprint(header.id, of = [header.host, body]) -> "
    text = BOOKED.replace("HOSTS", '"feed-1", "feed-2"').replace("KEY", "header.id")

    assert order_words(order_of(text.replace("STEPS ", steps))) == "per source"


CHECK = """
check "in order" {
  from = a.in
  to = c.out
  order = key
  key = header.user
}
"""


def test_a_check_says_where_a_copy_may_be_lost_and_what_would_do() -> None:
    text = COPIED.replace("FIRST", "file").replace("SECOND", DROPS).replace("THIRD", "file")
    text = text.replace("POLICY", "all").replace("STEP ", "") + CHECK

    (broken,) = (one for one in lint_text(text).diagnostics if one.code == "FL603")

    assert broken.label == "`b.inbox` may lose a copy of an event and not a later one"
    assert broken.hint == "`when_full = block`, and a `size` that lasts"
    assert [place.span.line for place in broken.places] == [
        text[: text.index("when_full")].count("\n") + 1
    ]
