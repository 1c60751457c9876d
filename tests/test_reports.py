"""Findings for other programs: each form is what its readers take, whatever the text has in it."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from flumec.compiler import cli
from flumec.compiler.build import lint_text
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.explain import every_rule, examples
from flumec.compiler.gallery import about
from flumec.compiler.render import as_json
from flumec.compiler.render_github import as_github
from flumec.compiler.render_gitlab import as_gitlab
from flumec.compiler.render_junit import as_junit
from flumec.compiler.render_sarif import as_sarif

FOLDER = Path(__file__).parent / "reports"
SCHEMA = json.loads((FOLDER / "sarif-schema-2.1.0.json").read_text())
SARIF = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)

NAME = "50% of, it: ]]> \N{SNOWMAN}.flow"
HOSTILE = """\
let text = "\N{GRINNING FACE} 100%% %%0A ::error:: ]]> <b> & \x7f" "and"
hosts web = ["\N{GRINNING FACE}\N{GRINNING FACE}", "a]]>%%0Ab", "c\x7fd", "e,f:g", "\u202el"]
# flumec: ignore[name-style] nothing <here>
hosts all = ["x"]
""".replace("%%", "%")
FORMS: dict[str, Callable[[tuple[Diagnostic, ...]], str]] = {
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
    "gitlab": as_gitlab,
    "junit": lambda found: as_junit(found, [NAME, "clean.flow"], strict=False),
}


@pytest.fixture(scope="module")
def hostile() -> tuple[Diagnostic, ...]:
    found = lint_text(HOSTILE, NAME).diagnostics
    assert len(found) >= 5
    assert len({finding.severity for finding in found}) >= 2
    return found


@pytest.mark.parametrize("form", FORMS)
def test_a_hostile_text_is_reported_to_the_letter(
    form: str, hostile: tuple[Diagnostic, ...], request: pytest.FixtureRequest
) -> None:
    path, said = FOLDER / f"hostile.{form}", FORMS[form](hostile)
    said = re.sub(r'"(semanticV|v)ersion": "0[^"]*"', r'"\1ersion": "VERSION"', said)
    if request.config.getoption("--update"):
        path.write_text(said, "utf-8")

    assert path.read_text("utf-8") == said


def test_sarif_of_a_hostile_text_is_valid_by_its_schema(hostile: tuple[Diagnostic, ...]) -> None:
    log = json.loads(as_sarif(hostile))
    SARIF.validate(log)

    (run,) = log["runs"]
    (uri,) = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in run["results"]
    }
    assert uri == "50%25%20of%2C%20it%3A%20%5D%5D%3E%20%E2%98%83.flow"


def test_sarif_of_every_rule_is_valid_by_its_schema() -> None:
    found = [finding for rule in every_rule().values() for finding in about(examples(rule)[0])]
    log = json.loads(as_sarif(found))
    SARIF.validate(log)

    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(every_rule())
    for finding, result in zip(found, run["results"], strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.code


def test_the_schema_would_refuse_what_is_wrong() -> None:
    log = json.loads(as_sarif(lint_text("let a = 5\n").diagnostics))
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0

    with pytest.raises(jsonschema.ValidationError):
        SARIF.validate(log)


def test_columns_of_sarif_count_as_utf_16_does() -> None:
    found = lint_text('hosts w = ["\N{GRINNING FACE}", "b c"]\n').diagnostics
    regions = [
        result["locations"][0]["physicalLocation"]["region"]
        for result in json.loads(as_sarif(found))["runs"][0]["results"]
    ]

    assert [(each["startColumn"], each["endColumn"]) for each in regions] == [(12, 16), (18, 23)]


def test_a_github_command_is_one_line_and_reads_back(hostile: tuple[Diagnostic, ...]) -> None:
    lines = as_github(hostile).splitlines()
    assert len(lines) == len(hostile)

    for finding, line in zip(hostile, lines, strict=True):
        _, command, data = line.split("::", 2)
        level, _, properties = command.partition(" ")
        pairs = dict(pair.split("=") for pair in properties.split(","))
        assert level == {"note": "notice"}.get(finding.severity, finding.severity)
        assert unescaped(pairs["file"]) == NAME
        assert int(pairs["line"]) == finding.span.line
        assert int(pairs["col"]) == finding.span.column <= int(pairs["endColumn"])
        first = unescaped(data).split("\n")[0]
        assert len(first) == len(finding.message)
        assert first.isprintable()


def unescaped(text: str) -> str:
    """Undo what a runner undoes, in its order."""
    for code, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, sign)
    return text


def test_a_fingerprint_of_gitlab_outlasts_moved_lines_and_tells_equals_apart() -> None:
    twice = 'hosts web = ["a b"]\nhosts all = ["a b"]\n'
    names = fingerprints(twice)

    assert len(set(names)) == len(names)
    assert fingerprints("# a comment\n\n" + twice.replace("\nhosts", "\n\n\nhosts")) == names
    assert fingerprints(twice.replace("a b", "a c")) != names
    assert not set(fingerprints(twice, "other.flow")) & set(names)


def fingerprints(text: str, name: str = "main.flow") -> list[str]:
    issues = json.loads(as_gitlab(lint_text(text, name).diagnostics))
    for issue in issues:
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"]["lines"]["begin"] >= 1
        assert issue["description"]
        assert issue["check_name"]
    return [issue["fingerprint"] for issue in issues]


@pytest.mark.parametrize(("strict", "failures"), [(False, 6), (True, 7)])
def test_junit_counts_what_the_exit_status_does(
    hostile: tuple[Diagnostic, ...], strict: bool, failures: int
) -> None:
    root = ET.fromstring(as_junit(hostile, [NAME, "clean.flow"], strict=strict))

    assert len(root.findall(".//failure")) == failures == int(root.attrib["failures"])
    cases = root.findall(".//testcase")
    assert len(cases) == int(root.attrib["tests"]) == len(hostile) + 1
    assert [case.attrib["name"] for case in cases][-1] == "clean.flow"
    assert {suite.attrib["name"] for suite in root} == {NAME, "clean.flow"}


def test_paths_are_those_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet" / "a.flow").write_text("let a = 5\n")
    for name in ("fleet/a.flow", str(tmp_path / "fleet" / "a.flow"), "./fleet/../fleet/a.flow"):
        with pytest.raises(SystemExit):
            cli.main(["lint", name, "--format", "github"])
        assert "file=fleet/a.flow," in capsys.readouterr().out


@pytest.mark.parametrize("form", FORMS)
def test_what_build_says_beside_does_not_spoil_the_report(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    flow = 'hosts here = ["localhost"]\n\nagent A on here {\n  source s : seq\n  channel c : file\n'
    (tmp_path / "a.flow").write_text(f"{flow}  sink o : null\n  s -> c\n  c -> o\n}}\n")
    with pytest.raises(SystemExit) as ended:
        cli.main(["build", "a.flow", "-o", "dist", "--format", form])

    said = capsys.readouterr()
    assert ended.value.code == 0
    match form:
        case "github":
            assert said.out.startswith("::warning file=a.flow,line=3,")
            assert said.out.count("\n") == 1
        case "junit":
            assert ET.fromstring(said.out).attrib["failures"] == "0"
        case _:
            assert json.loads(said.out)
    assert ("built 1 agent" in said.out) == (form == "json")
    assert ("built 1 agent" in said.err) == (form != "json")
