"""Whether two patterns mean one file is what the source that follows them says."""

import random
from functools import cache
from itertools import product

import pytest
from flumec.compiler.globs import in_both, stem
from flumec.runtime.tail.patterns import Pattern

PARTS = ("a", "b", "*", "?", "[ab]", "a*", "*b", "**", "*.a", "[!a]", ".a", "?*a")
NAMES = ("a", "b", "ab", "ba", "a.a", "b.a", ".a", "aa", "c")
PATHS = ["/" + "/".join(names) for depth in (1, 2) for names in product(NAMES, repeat=depth)]


@pytest.mark.parametrize("one", PARTS)
def test_a_file_is_found_where_there_is_one(one: str) -> None:
    for two in PARTS:
        _holds(f"/{one}", f"/{two}")


def test_patterns_of_several_folders() -> None:
    chance = random.Random(7)
    for _ in range(300):
        one, two = ("/" + "/".join(chance.choices(PARTS, k=chance.randint(1, 3))) for _ in range(2))
        _holds(one, two)


@cache
def _matched(text: str) -> frozenset[str]:
    pattern = Pattern(text)
    return frozenset(path for path in PATHS if pattern.matches(path))


def _holds(one: str, two: str) -> None:
    file = in_both(one, two)

    assert in_both(two, one) is None or file is not None
    if file is None:
        assert not _matched(one) & _matched(two)
    else:
        assert all(Pattern(each).matches(file) for each in (one, two)), f"{one} and {two}: {file}"
        assert all(file.startswith(stem(text)) for text in (one, two))
