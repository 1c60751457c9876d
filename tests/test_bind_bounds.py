"""Names that lead to names are followed to an end: circles, depth and growth are refused."""

from collections.abc import Iterator

import pytest
from flumec.compiler.build import compile_text, lint_text

USE = """
hosts web = ["web-1"] {
  site = a0
}
"""
AGENT = """
agent counter on web {
  source numbers : seq
  channel spool : file
  sink files : file_roll {
    directory = "${host.vars.folder}"
  }

  numbers -> spool
  spool -> files
}
"""


def chain(line: str, length: int, last: str = '"x"') -> str:
    """Return lets a0, a1, …, each made of the next one by `line`."""
    lets = (f"let a{i} = {line.format(next=f'a{i + 1}')}\n" for i in range(length))
    return "".join(lets) + f"let a{length} = {last}\n"


def codes(text: str, files: dict[str, str | bytes] | None = None) -> list[str]:
    found = lint_text(text, files=files).diagnostics
    return [one.code for one in found if one.severity == "error"]


def circles() -> Iterator[tuple[str, str]]:
    """Yield files in which names lead in a circle, and the way round."""
    yield 'let a = "${a}"\n', "`a` -> `a`"
    yield 'let a = "${b}"\nlet b = "x${a}"\n', "`a` -> `b` -> `a`"
    yield "let a = [b]\nlet b = [a]\n", "`a` -> `b` -> `a`"
    yield 'let a = "${b}"\nlet b = c\nlet c = "${a}"\n', "`a` -> `b` -> `c` -> `a`"
    yield 'param a : string = "${b}"\nparam b : string = "${a}"\n', "`a` -> `b` -> `a`"
    yield "param a : string = b\nparam b : string = a\n", "`a` -> `b` -> `a`"


@pytest.mark.parametrize(("text", "way"), list(circles()))
def test_a_circle_through_texts_and_lists_is_said_once(text: str, way: str) -> None:
    found = [one for one in lint_text(text).diagnostics if one.severity == "error"]

    assert [one.code for one in found] == ["FL135"]
    assert found[0].message == f"`a` is defined by itself: {way}"


@pytest.mark.slow
@pytest.mark.parametrize("line", ["{next}", '"${{{next}}}"'])
def test_names_may_be_within_names_to_a_depth(line: str) -> None:
    assert codes(chain(line, 60) + USE) == []
    assert codes(chain(line, 64) + USE) == ["FL136"]
    assert set(codes(chain(line, 3_000) + USE)) == {"FL136"}


@pytest.mark.slow
@pytest.mark.parametrize("line", ['"${{{next}}}${{{next}}}"', "[{next}, {next}]"])
def test_a_value_that_doubles_is_refused_at_once(line: str) -> None:
    assert codes(chain(line, 12, '""')) == []
    assert codes(chain(line, 64, '""')) == ["FL136"]


@pytest.mark.slow
def test_host_sets_of_host_sets_have_a_depth() -> None:
    sets = "".join(f"hosts a{i} = union(a{i + 1})\n" for i in range(1_000))

    assert set(codes(f'{sets}hosts a1000 = ["x"]\n')) == {"FL136"}


def test_imports_of_imports_have_a_depth() -> None:
    files: dict[str, str | bytes] = {
        f"f{i}.flow": f'import "f{i + 1}.flow" as next\n' for i in range(2_000)
    }

    assert codes('import "f0.flow" as first\n', files) == ["FL136"]


def test_a_param_may_have_a_later_one_for_its_default() -> None:
    text = 'param a : string = b\nparam b : string = "web-1"\n\nhosts web = [a]\n' + AGENT
    text = text.replace("${host.vars.folder}", "/srv/${a}")

    plan = compile_text(text).plan

    assert plan is not None
    assert [host.name for host in plan.hosts] == ["web-1"]


def test_a_default_of_a_later_params_type_is_held_to_the_earlier_ones() -> None:
    assert codes("param a : string = b\nparam b : size = 5GiB\n") == ["FL204"]


def test_a_host_variable_is_not_made_of_itself() -> None:
    text = 'hosts web = ["w"] {\n  vars {\n    folder : path = "${host.vars.folder}"\n  }\n}\n'

    assert codes(text + AGENT) == ["FL141"]


@pytest.mark.slow
def test_a_host_variable_with_a_mistake_is_reported_alone() -> None:
    hosts = 'hosts web = inventory("hosts.yml") {\n  vars {\n    folder : path\n  }\n}\n'
    inventory = "all:\n  hosts:\n    w:\n      folder: !vault |\n        $ANSIBLE_VAULT;1.1\n"

    assert codes(hosts + AGENT, {"hosts.yml": inventory}) == ["FL218"]


def test_contradictions_are_found_on_every_host() -> None:
    hosts = 'hosts web = inventory("h.ini") {\n  vars {\n    most : size\n  }\n}\n'
    text = hosts + AGENT.replace("${host.vars.folder}", "/srv").replace(
        "numbers : seq", "numbers : http {\n    port = 8080\n    max_pending = host.vars.most\n  }"
    )

    assert codes(text, {"h.ini": "a most=64MiB\nb most=8MiB\n"}) == []
    assert codes(text, {"h.ini": "a most=64MiB\nb most=1MiB\n"}) == ["FL209"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("total = " + "0" * 5_000 + "1", ""),
        ("total = 9_000_000_000_000_000_000", ""),
        ("total = 1e99", "`total` must be at most 9_000_000_000_000_000_000, not `1e99`"),
        ("total = 1e400", "`total` must be at most 9_000_000_000_000_000_000, not `1e400`"),
        ("total = " + "9" * 5_000, "`total` must be at most 9_000_000_000_000_000_000, not `99999"),
        ("size = 8_388_607TiB", ""),
        ("size = 9_000_000TiB", "`size` must be at most 8_388_607TiB, not `9_000_000TiB`"),
        ("size = " + "9" * 400 + "MB", "a size of 400 digits is too much"),
        ("linger = " + "9" * 400 + "d", "a duration of 400 digits is too much"),
        ("every = 40_000d", "`every` must be at most 36_500d, not `40_000d`"),
    ],
    ids=lambda text: text[:24],
)
def test_a_number_is_one_that_can_be_counted_with(line: str, message: str) -> None:
    kept = dict.fromkeys(("total", "size", "linger", "every"), "")
    kept[line.split(maxsplit=1)[0]] = line
    found = lint_text(
        f"""\
hosts web = ["web-1"]

agent a on web {{
  source numbers : seq {{
{kept["total"]}
  }}

  source lines : taildir {{
    files = ["/var/log/a"]
{kept["linger"]}
  }}

  channel spool : file {{
{kept["size"]}
  }}

  sink out : file_roll {{
    directory = "/srv"

    roll {{
{kept["every"]}
    }}
  }}

  numbers -> spool
  lines -> spool
  spool -> out
}}
"""
    ).diagnostics

    assert [one.message[: len(message)] for one in found] == [message] * bool(message)
