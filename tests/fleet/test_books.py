"""Books that find nothing wrong have to be ones that would."""

import pytest
from fleet.books import Account, Books, account

HOSTS = {
    "tailer": frozenset({"web1", "web2"}),
    "collector": frozenset({"core1"}),
    "store": frozenset({"store1"}),
}
AGENTS = {"web1": "tailer", "web2": "tailer", "core1": "collector", "store1": "store"}


def books() -> Books:
    return Books(HOSTS, frozenset({"exact"}))


def looked(channel: str = "exact", gone: int = 0, **counts: tuple[int, int]) -> list[Account]:
    """Return what hosts say: of each how many rows were put, and how many delivered."""
    return [
        Account(host, AGENTS[host], channel, put, out, gone, put - out - gone)
        for host, (put, out) in counts.items()
    ]


START = looked(web1=(10, 4), web2=(10, 4), core1=(10, 6), store1=(7, 5))


def test_what_adds_up_is_not_complained_of() -> None:
    ours = books()
    ours.look(START)
    ours.look(looked(web1=(12, 10), core1=(12, 6)))  # the others do not answer
    ours.look(looked(web1=(12, 12), web2=(10, 10), core1=(22, 22), store1=(22, 22)))
    ours.close({"exact": 22})
    assert ours.wrong == []
    assert (ours.looks, ours.compared) == (3, 38)


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (looked(web1=(10, 3)), "web1/tailer.exact counts backwards"),
        (looked(core1=(9, 6)), "core1/collector.exact counts backwards"),
        (looked(core1=(7, 6)), "tailer.exact gave 8 rows, collector.exact has 7"),
        (looked(web1=(4, 4), web2=(5, 5)), "collector.exact had 10 rows of the 9 of tailer.exact"),
        (looked(store1=(7, 5), gone=1), "store1/store.exact: 1 rows dropped or dead letters"),
        ([Account("web1", "tailer", "exact", 10, 4, 0, 5)], "web1/tailer.exact does not balance"),
    ],
)
def test_what_does_not_add_up_is_named(then: list[Account], said: str) -> None:
    ours = books()
    ours.look(START)
    assert ours.wrong == []
    ours.look(then)
    assert [each for each in ours.wrong if said in each]


@pytest.mark.parametrize(
    ("channel", "counts", "arrived", "said"),
    [
        ("exact", {"store1": (7, 7)}, 6, "store.exact delivered 7 rows, 6 are in the store"),
        ("exact", {"core1": (8, 8)}, 7, "collector.exact delivered 8 rows, 7 are in the store"),
        ("exact", {"store1": (7, 6)}, 7, "store.exact: put 7, delivered 6"),
        ("again", {"store1": (7, 7)}, 8, "store.again delivered 7 rows, 8 are in the store"),
        ("again", {"core1": (8, 8), "store1": (7, 7)}, 7, ""),
    ],
)
def test_at_the_end_all_say_what_is_in_the_store(
    channel: str, counts: dict[str, tuple[int, int]], arrived: int, said: str
) -> None:
    ours = books()
    ours.look(looked(channel, **counts))
    ours.close({channel: arrived})
    assert [each for each in ours.wrong if each == said] == ([said] if said else [])


def test_where_exactly_once_is_not_promised_more_may_arrive_than_was_sent() -> None:
    ours = books()
    ours.look(looked("again", web1=(4, 4), web2=(4, 4), core1=(9, 8)))
    ours.look(looked("again", web1=(4, 4), web2=(4, 4), core1=(9, 8)))
    assert ours.wrong == []


def test_an_account_is_what_status_shows() -> None:
    counts = {
        "put": 9,
        "delivered": 4,
        "dropped": 1,
        "dead_lettered": 2,
        "held": 2,
        "held_bytes": 7,
    }
    assert account("h", "a", "c", counts) == Account("h", "a", "c", 9, 4, 3, 2)
