"""Random fleets: the compiler accepts each, and they are of all kinds."""

from collections import Counter

import pytest
from flumec.compiler.build import lint_text
from prove.generator import make
from prove.script import parse, places, write


@pytest.mark.parametrize(
    "seeds", [range(30), pytest.param(range(30, 100), marks=pytest.mark.slow)], ids=str
)
def test_the_compiler_accepts_each(seeds: range) -> None:
    for seed in seeds:
        shape = make(seed)
        said = [each for each in lint_text(shape.text).diagnostics if each.severity == "error"]
        assert not said, f"fleet {seed}:\n{shape.text}\n{said}"


def test_they_have_at_most_six_hosts_and_a_third_has_two_links_one_after_the_other() -> None:
    shapes = [make(seed) for seed in range(300)]

    assert max(shape.hosts for shape in shapes) == 6
    assert Counter(shape.longest for shape in shapes)[2] > 100


@pytest.mark.parametrize(
    "words",
    [
        ": taildir", ": http", "request_id", ": seq", ": link", ": file", ": memory", ": spill",
        "drop_oldest", "sync = 1s", "journal = second", "route header.digit", "?", "regex_filter",
        "failover(", "balance(", "policy = failover", "policy = balance", "policy = all",
        "policy = hash", "in_doubt = wait", "dedup {", ": logger", ": file_roll",
    ],
)  # fmt: skip
def test_some_have(words: str) -> None:
    assert any(words in make(seed).text for seed in range(100))


def test_a_seed_makes_one_fleet_and_one_script() -> None:
    shape = make(7)
    script = write(shape, 7, {kind for kind, _ in places(shape)})

    assert make(7) == shape
    assert parse("\n".join(map(str, script))) == script
