"""What the parser makes of right files."""

import re
from pathlib import Path

import pytest
from flumec.compiler import tree
from flumec.compiler.format import format_text
from flumec.compiler.parse import parse
from flumec.compiler.parse_tables import tables
from flumec.compiler.parse_tokens import scan
from flumec.compiler.source import Source
from flumec.grammar import syntax

ROOT = Path(__file__).parent.parent
FLOWS = sorted([*ROOT.glob("examples/**/*.flow"), *ROOT.glob("tests/flows/*.flow")])


def items(text: str) -> tuple[tree.Item, ...]:
    """Return the items of a text without mistakes."""
    file, found = parse(Source("main.flow", text))
    assert [finding.message for finding in found] == []
    return file.items


def statements(text: str) -> tuple[tree.Statement, ...]:
    """Return the statements of an agent's block."""
    (agent,) = items(f"agent a on b {{\n{text}\n}}\n")
    assert isinstance(agent, tree.Agent)
    assert agent.block
    return agent.block.statements


def value(text: str) -> tree.Expr:
    """Return what `let x =` is followed by."""
    (let,) = items(f"let x = {text}\n")
    assert isinstance(let, tree.Let)
    return let.value


def written(span: tree.Span) -> str:
    """Return the text of a span."""
    return span.source.text[span.start : span.end]


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_every_example_is_read(path: Path) -> None:
    assert items(path.read_text())


def test_every_item_has_its_parts() -> None:
    language, imported, param, let, hosts, template, agent, link, check, test = items(
        "language 1\n"
        'import "tiers.flow" as prod {\n  stage = "prod"\n}\n'
        "param lake : list(url) = []\n"
        "let month = 30d\n"
        'hosts web = inventory("hosts.ini", group = "web") {\n  vars {\n    log : path\n  }\n}\n'
        "template spool(room : size, rest : bool = true,) {\n  size = room\n}\n"
        "agent tailer on except(web, core) = spool(room = 4GiB)\n"
        "a.b => c.d, e.f via avro {\n  port = 4141\n}\n"
        'check "all arrives" {\n  from = a.b\n}\n'
        'test "it works" {\n  send(a.b)\n}\n'
    )
    assert isinstance(language, tree.Language)
    assert language.version.text == "1"
    assert isinstance(imported, tree.Import)
    assert (imported.path.raw, imported.name.text) == ("tiers.flow", "prod")
    assert isinstance(param, tree.Param)
    assert isinstance(param.type, tree.Call)
    assert isinstance(param.default, tree.List)
    assert isinstance(let, tree.Let)
    assert isinstance(hosts, tree.Hosts)
    assert hosts.block
    assert isinstance(hosts.block.statements[0], tree.Section)
    assert isinstance(template, tree.Template)
    assert [formal.name.text for formal in template.formals] == ["room", "rest"]
    assert isinstance(agent, tree.Agent)
    assert (agent.block, written(agent.on.span)) == (None, "except(web, core)")
    assert agent.template
    assert isinstance(link, tree.Link)
    assert [target.text for target in link.targets] == ["c.d", "e.f"]
    assert link.via
    assert link.via.text == "avro"
    assert isinstance(check, tree.Check)
    assert isinstance(test, tree.Test)


def test_every_statement_has_its_parts() -> None:
    attr, component, chain, call, section, formal = statements(
        'size."x" = 1\n'.replace('."x"', "")
        + "channel out : file = spool(room = 1GiB)\n"
        + "a -> b() -> c, d?\n"
        + "send(a.b)\n"
        + "journal fast {\n}\n"
        + "log : path"
    )
    assert isinstance(attr, tree.Attr)
    assert isinstance(component, tree.Component)
    assert (component.kind, component.name.text, component.type.text) == ("channel", "out", "file")
    assert component.template
    assert isinstance(chain, tree.Chain)
    assert [type(node) for node in chain.nodes] == [tree.Ref, tree.Call]
    assert isinstance(chain.end, tuple)
    assert [target.optional for target in chain.end] == [False, True]
    assert isinstance(call, tree.Call)
    assert isinstance(section, tree.Section)
    assert section.label
    assert isinstance(formal, tree.Formal)


def test_a_route_has_arms_with_interceptors_of_their_own() -> None:
    (chain,) = statements('a -> route header.k {\n"x", "y" -> f() -> b, c?\nelse -> drop\n}')
    assert isinstance(chain, tree.Chain)
    assert isinstance(chain.end, tree.Route)
    first, last = chain.end.arms

    assert first.values
    assert [one.raw for one in first.values] == ["x", "y"]
    assert [call.function.text for call in first.calls] == ["f"]
    assert (last.values, last.targets[0].node.span.line) == (None, 4)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('"a ${b} \\" c"', tree.String),
        ('r"\\d+"', tree.String),
        ('"""\n  long\n  """', tree.String),
        ("1.5e3", tree.Number),
        ("-3", tree.Number),
        ("1h30m", tree.Quantity),
        ("5_000/s", tree.Quantity),
        ("90%", tree.Quantity),
        ("3 parsecs".replace(" ", ""), tree.Quantity),
        ("500µs", tree.Quantity),
        ("true", tree.Bool),
        ("[]", tree.List),
        ("[\n  a, # first\n  # second\n  b,\n]", tree.List),
        ("f(\n  a = 1,\n  b.c = 2,\n)", tree.Call),
        ('header["X-Request-Id"]', tree.Ref),
        ("header.source", tree.Ref),
    ],
)
def test_values(text: str, kind: type) -> None:
    found = value(text)

    assert isinstance(found, kind)
    assert written(found.span) == text


def test_spans_are_what_is_written() -> None:
    text = (ROOT / "tests/flows/gateway.flow").read_text()
    for item in items(text):
        first, last = written(item.span)[0], written(item.span)[-1]
        assert text[: item.span.start][-1:] in ("", "\n")
        assert first.isalpha()
        assert last in '})]"'
        assert text[item.span.end] == "\n"


def test_documentation_stands_directly_above() -> None:
    first, second, third = items(
        "## One line\n## and another.\nlet a = 1 ## not this\n\n## Lost.\n\nlet b = 2\n"
        "# a comment\n## Kept.\nlet c = 3\n"
    )
    assert isinstance(first, tree.Let)
    assert isinstance(second, tree.Let)
    assert isinstance(third, tree.Let)
    assert [first.doc, second.doc, third.doc] == ["One line\nand another.", "", "Kept."]


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "\r\n\r\n", "   "])
def test_a_file_may_be_empty(text: str) -> None:
    assert items(text) == ()


def test_a_file_needs_no_last_newline() -> None:
    assert len(items("let a = 1")) == 1


def test_lines_may_end_as_on_windows() -> None:
    text = (ROOT / "tests/flows/gateway.flow").read_text()

    assert len(items(text.replace("\n", "\r\n"))) == len(items(text))


def test_a_chain_goes_on_over_lines() -> None:
    (chain,) = statements("a # first\n\n  # then\n  -> b()\n  -> c")
    assert isinstance(chain, tree.Chain)
    assert len(chain.nodes) == 2


def test_arrows_after_many_empty_lines_are_found_in_linear_time() -> None:
    many = "\n" * 200_000
    (chain,) = statements(f"a{many}-> b")
    assert isinstance(chain, tree.Chain)


def test_every_terminal_is_in_the_scanner() -> None:
    named = set(re.findall(r"^([A-Z_]+)(?:\.-?\d+)?:", syntax(), re.MULTILINE))
    known = set(tables().pattern.groupindex) | set(tables().words.values())

    assert named <= known


def test_tokens_cover_the_text_in_order() -> None:
    text = (ROOT / "tests/flows/weblogs.flow").read_text()
    at = 0
    for token in scan(Source("main.flow", text)):
        assert text[at : token.start].strip(" ") == ""
        at = token.end
    assert at == len(text)


def test_the_examples_of_the_reference_are_read_and_canonical() -> None:
    text = (ROOT / "docs/language.md").read_text()
    examples = re.findall(r"```flow\n(.*?)```", text, re.DOTALL)

    assert len(examples) > 5
    for example in examples:
        assert items(example)
        assert format_text(Source("language.md", example))[0] == example
