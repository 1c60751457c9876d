"""A client that comes to another host with what the first one has: what is stored twice is seen."""

from prove import simulated
from prove.claiming import claimed
from prove.judging import Judge
from prove.script import parse, places
from prove.shape import Agent, Chain, Part, Reading, Settings, Shape, Target
from prove.stepping import Search, stepped

FILES = (
    ("directory", '"/srv/s"'), ("format", "json"), ("roll", "{\n  events = 5\n  every = 1s\n}"),
)  # fmt: skip
SCRIPT = "0 send edge posts h 3\n0.5 stray edge posts h i 0"


def fleet(*named: tuple[str, str]) -> Shape:
    """Return one agent on two hosts, and what its source is told besides its port."""
    values: Settings = (("port", "4101"), *named)
    agent = Agent(
        "edge", ("h", "i"), (Part("posts", "http", values),), (Part("c", "file"),),
        (Part("s", "file_roll", FILES),), chains=(Chain("posts", (Target("c"),)),),
        readings=(Reading("c", ("s",)),),
    )  # fmt: skip
    return Shape((agent,))


def test_what_it_repeats_there_is_doubled_and_allowed() -> None:
    shape = fleet()
    made = claimed(shape)
    record = simulated.play(shape, made.plan, parse(SCRIPT), 1)
    judge = Judge(shape, made.claims)

    assert [len(record.arrived["edge", "s", host]) for host in "hi"] == [3, 3]
    assert {each.kind for each in judge.seen(record)} == {"doubled"}
    assert not judge.wrong(record)


def test_one_that_names_its_requests_is_promised_to_keep_to_its_host() -> None:
    def straying(shape: Shape) -> list[tuple[str, ...]]:
        return [who for kind, who in places(shape) if kind == "stray"]

    assert straying(fleet()) == [("edge", "posts", "h", "i"), ("edge", "posts", "i", "h")]
    assert straying(fleet(("request_id", '"Idempotency-Key"'))) == []


def test_a_search_begins_right_behind_what_was_published() -> None:
    shape = fleet()
    doom = "doom", ("edge", "h")
    record = simulated.play(shape, claimed(shape).plan, parse(SCRIPT), 1)
    first, *_ = published = record.notes["published"][doom]
    search = Search(0, (), (doom,), "published", at_once=True)
    tried = [action.amount for (action,) in stepped(search, record)]

    assert tried[0] == first
    assert tried[: len(published)] != sorted(tried)[: len(published)]
    assert sorted(tried)[: record.steps[doom]] == list(range(record.steps[doom]))
