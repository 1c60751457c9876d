"""Wrong files are read as far as they are right: k mistakes are k findings, each on its line."""

import random
import time
from functools import cache
from pathlib import Path

import pytest
import thorough
from flumec.compiler import tree
from flumec.compiler.parse import parse
from flumec.compiler.recover import MOST
from flumec.compiler.render import as_text
from flumec.compiler.source import Source
from mutations import Mutation, mutate, mutations, several

ROOT = Path(__file__).parent.parent
FLOWS = sorted([*ROOT.glob("examples/**/*.flow"), *ROOT.glob("tests/flows/*.flow")])


@cache
def wrong(path: Path) -> tuple[Source, list[list[Mutation]]]:
    """Return an example and, for each of its statements, the ways to break it."""
    source = Source(path.name, path.read_text())
    return source, list(mutations(source))


def matched(source: Source, changes: list[Mutation]) -> str:
    """Return "" if each change has one finding in its lines, else what was found."""
    broken = Source(source.path, mutate(source, changes))
    _, found = parse(broken)
    if len(changes) == 1 and not found:
        return ""  # what is left makes sense too: a comma less, a name more
    left = list(found)
    for change in sorted(changes, key=lambda change: change.last - change.first):
        hit = next((one for one in left if change.first <= one.span.line <= change.last), None)
        if hit is None:
            return f"{change} was missed in {[(one.span.line, one.code) for one in found]}"
        left.remove(hit)
    return "".join(f"{one.code} at {one.span.line} follows from {changes}" for one in left)


@pytest.mark.parametrize("part", thorough.spread(range(3), 3))
@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_one_mistake_is_one_finding(path: Path, part: int) -> None:
    source, ways = wrong(path)
    chance = random.Random(7)
    some = [chance.choice(changes) for changes in ways if changes]
    begin = (part + FLOWS.index(path)) % 3  # so each way is a fast one's, of one file or another

    assert [found for change in some[begin::3] if (found := matched(source, [change]))] == []


@pytest.mark.slow
@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_every_single_mistake_is_one_finding(path: Path) -> None:
    source, ways = wrong(path)
    every = [change for changes in ways for change in changes]

    assert len(every) > 100
    every = every[thorough.phase(path.stem) :: thorough.step()]
    assert [found for change in every if (found := matched(source, [change]))] == []


@pytest.mark.parametrize(
    "k", [pytest.param(k, marks=() if k == 3 else pytest.mark.slow) for k in range(2, 11)]
)
@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
@pytest.mark.parametrize("part", thorough.spread(range(3), 3))
def test_k_mistakes_are_k_findings(path: Path, k: int, part: int) -> None:
    source, ways = wrong(path)

    assert [
        one
        for seed in range(part, 12, 3)
        if (one := matched(source, several(source, ways, k, seed)))
    ] == []


def test_the_rest_of_the_tree_is_kept() -> None:
    text = (ROOT / "tests/flows/weblogs.flow").read_text()
    file, found = parse(Source("main.flow", text.replace("size = 40GiB", "size 40GiB")))
    whole, _ = parse(Source("main.flow", text))

    assert len(found) == 1
    assert [type(item) for item in file.items] == [type(item) for item in whole.items]
    assert "size" in file.source.lost


def test_the_block_of_a_wrong_head_is_read() -> None:
    file, found = parse(Source("main.flow", "agent a onn b {\n  size 3\n}\nlet x = 1\n"))

    assert [one.span.line for one in found] == [1, 2]
    assert [type(item) for item in file.items] == [tree.Let]


def test_the_names_of_what_is_wrong_are_known() -> None:
    file, _ = parse(Source("main.flow", "agent tailer onn web {\n  source access : seq\n}\n"))

    assert {"tailer", "web", "access"} <= file.source.lost


def test_a_line_that_never_ends_costs_little() -> None:
    began = time.process_time()
    _, found = parse(Source("main.flow", "{" * 1_000_000 + "\nlet x 3\n"))

    assert [one.span.line for one in found] == [1, 2]
    assert time.process_time() - began < 1.5  # all its tokens would be 20 seconds


@pytest.mark.slow
def test_mistakes_in_a_line_that_never_ends_are_shown_at_once() -> None:
    began = time.process_time()
    _, found = parse(Source("main.flow", "}" * 1_000_000))

    assert len(found) == MOST
    assert all("^" in as_text(one) for one in found[:50])
    assert time.process_time() - began < 2.5  # to look at the whole line each time takes a minute


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{" * 1_000_000, "FL001"),
        ("let x = " + "[" * 1_000_000, "FL030"),
        ("let x = " + "f(" * 3_000 + ")" * 3_000, "FL030"),
        ("a {\n" * 3_000 + "}\n" * 3_000, "FL030"),
        ("}" * 1_000_000, "FL028"),
        ('"' * 1_000_000, "FL002"),
        ("agent a on b {\n" + "x {\n" * 3_000 + "}\n" * 3_001, "FL030"),
    ],
)
def test_monsters_are_bounded(text: str, code: str) -> None:
    _, found = parse(Source("main.flow", text))

    assert code in {one.code for one in found}
    assert len(found) <= 1_000


def test_nesting_ends_at_its_limit() -> None:
    def nested(depth: int) -> Source:
        return Source("main.flow", "let x = " + "[" * depth + "]" * depth + "\n")

    assert parse(nested(64))[1] == []
    assert [one.code for one in parse(nested(65))[1]] == ["FL030"]


@pytest.mark.parametrize("text", ["\r", "let x = 1\rlet y = 2\n", "// a\r\n", '"\r', '"""\r\r'])
def test_stray_carriage_returns_are_read_over(text: str) -> None:
    assert parse(Source("main.flow", text))[1]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "FL033"),
        (b'let x = "caf\xe9"\n', "FL033"),
        (b"let x = 1\n\x00", "FL033"),
        (b"\xef\xbb\xbflet x = 1\n", "FL034"),
        (b"a1.sources = r1\n", "FL035"),
    ],
)
def test_what_is_no_flow_file_is_said_once(content: bytes, code: str) -> None:
    _, found = parse(Source.read("main.flow", content))

    assert [one.code for one in found] == [code]


def test_files_without_indentation_are_read_by_their_braces() -> None:
    lines = (ROOT / "tests/flows/weblogs.flow").read_text().split("\n")
    flat = "\n".join(line.strip() for line in lines)
    _, found = parse(Source("main.flow", flat.replace("port = 4141", "port 4141")))

    assert [one.code for one in found] == ["FL016"]


@pytest.mark.slow
@pytest.mark.parametrize("columns", [-2, 1])
@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_a_badly_indented_line_is_no_mistake(path: Path, columns: int) -> None:
    lines = path.read_text().split("\n")
    wrong = []
    for index in range(0, len(lines), 3):
        line = lines[index].lstrip()
        indent = max(0, len(lines[index]) - len(line) + columns)
        if line.startswith(("->", "events")):
            continue  # an arrow's column says whether it goes on with the line above
        moved = [*lines[:index], " " * indent + line, *lines[index + 1 :], "let"]
        _, found = parse(Source("main.flow", "\n".join(moved)))
        if [one.span.line for one in found] != [len(moved)]:
            wrong.append((index + 1, [(one.code, one.span.line) for one in found]))

    assert wrong == []


@pytest.mark.parametrize("wrong", ["@", ";", "`"])
def test_the_lines_of_a_chain_stay_together(wrong: str) -> None:
    text = (ROOT / "tests/flows/lanes.flow").read_text()
    _, found = parse(Source("main.flow", text.replace("  events\n", f"  {wrong}events\n")))

    assert [one.span.line for one in found] == [text[: text.index("  events\n")].count("\n") + 1]


@pytest.mark.slow
def test_a_file_of_nonsense_has_few_findings() -> None:
    chance = random.Random(1)
    text = "\n".join("".join(chance.choices('ab{}[]()=:,->"#. \t', k=30)) for _ in range(5_000))

    assert 0 < len(parse(Source("main.flow", text))[1]) <= 1_001
