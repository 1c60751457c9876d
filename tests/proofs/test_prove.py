"""`flumec prove`: a table, one pair in sentences, data, and an exit status that CI listens to."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flumec.compiler import cli

Prove = Callable[..., tuple[int, str, str]]
FLOW = """\
hosts here = ["here-{1..3}"]

agent a on here {
  source numbers : seq

  channel live : memory

  channel spool : file

  sink shown : logger

  sink kept : file_roll {
    directory = "/srv/kept"
  }

  numbers -> live
  numbers -> spool
  live -> shown
  spool -> kept
}
"""
CHECK = """
check "nothing is missing" {{
  from = a.numbers
  to = a.{sink}
  delivery = {delivery}
}}
"""


@pytest.fixture
def prove(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Prove:
    """Run `flumec prove` over a text."""
    monkeypatch.chdir(tmp_path)

    def run(text: str, *arguments: str) -> tuple[int, str, str]:
        (tmp_path / "a.flow").write_text(text)
        with pytest.raises(SystemExit) as ended:
            cli.main(["prove", "a.flow", *arguments])
        out, err = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    return run


def test_a_row_for_each_pair_within_a_hundred_columns(prove: Prove) -> None:
    status, out, _ = prove(FLOW)

    assert status == 0
    claimed, _, cut = out.partition("PATH")
    for shown in (claimed, cut):
        first = [line.split()[0] for line in shown.splitlines() if line]
        assert first.count("a.numbers") == 2
    assert "best effort" in out
    assert "exactly once" in out
    assert "(3 hosts)" in out
    assert max(map(len, out.splitlines())) <= 100


def test_a_check_that_holds_is_silent_and_one_that_does_not_ends_with_1(prove: Prove) -> None:
    holds = FLOW + CHECK.format(sink="kept", delivery="exactly_once")
    assert prove(holds)[0::2] == (0, "")

    status, out, err = prove(FLOW + CHECK.format(sink="shown", delivery="at_least_once"))

    assert status == 1
    assert "a.kept" in out
    assert "FL602" in err
    assert "a `file` channel" in err


def test_other_mistakes_are_said_and_nothing_is_claimed(prove: Prove) -> None:
    status, out, err = prove(FLOW.replace("logger", "loger"))

    assert (status, out) == (1, "")
    assert "did you mean `logger`" in err


def test_one_pair_in_sentences_and_what_is_meant_by_another(prove: Prove) -> None:
    status, out, _ = prove(FLOW, "--path", "a.numbers", "a.shown")
    parts = [line[2:13].strip() for line in out.splitlines()[1:]]

    assert status == 0
    assert out.startswith("a.numbers -> a.shown: best effort\n")
    assert [part for part in parts if part] == [
        "from",
        "through",
        "not through",
        "order",
        "weakest",
        "cut by",
    ]
    assert "did you mean `a.numbers`?" in prove(FLOW, "--path", "a.number", "a.shown")[2]
    assert "no events come" in prove(FLOW, "--path", "a.numbers", "b.x")[2]


def test_as_data_with_every_effect_and_its_place(prove: Prove) -> None:
    status, out, _ = prove(FLOW, "--format", "json")
    shown, kept = json.loads(out)

    assert status == 0
    assert (shown["delivery"], kept["delivery"]) == ("best_effort", "exactly_once")
    assert {(e["failure"], e["harm"], e["at"], e["line"]) for e in shown["effects"]} >= {
        ("killed", "loses", "a.live", 6),
        ("power cut", "loses", "a.live", 6),
    }
    assert set(kept["through"]) >= {"killed", "power cut", "connection cut"}
    (path,) = kept["paths"]
    assert path["hosts"] == 3
    assert [(cut["kind"], cut["own"], cut["folder"]) for cut in path["cuts"]] == [
        ("host", True, None), ("disk", True, None), ("disk", True, "/srv/kept"),
    ]  # fmt: skip
    assert [cut["back"] for cut in path["cuts"]] == [{"lost": False}] * 3
    assert path["cuts"][2]["gone"] == {
        "lost": True, "at": "a.kept", "because": "its files are on that disk",
    }  # fmt: skip


def test_as_markdown(prove: Prove) -> None:
    lines = prove(FLOW, "--format", "markdown")[1].splitlines()

    assert lines[2:4] == [
        "| from | to | delivery | order | weakest place |",
        "| --- | --- | --- | --- | --- |",
    ]
    assert lines[7:9] == [
        "| path | is cut by | when it comes back | when it never does |",
        "| --- | --- | --- | --- |",
    ]
    assert [line.split(" | ")[1] for line in lines[9:]] == [
        "its own host", "its own disk", "its own host", "its own disk", "its own disk /srv/kept",
    ]  # fmt: skip


def test_many_agents_of_one_kind_are_one_row(prove: Prove) -> None:
    agent = FLOW.split("\n\n", 1)[1]
    many = [agent.replace("agent a on here", f"agent a{n} on here{n}") for n in range(5)]
    hosts = [f'hosts here{n} = ["here-{n}"]\n' for n in range(5)]
    inbox = (
        'hosts hub = ["hub-1"]\n\nagent hub on hub {\n  channel inbox : file\n\n  sink out : null\n'
        "\n  inbox -> out\n}\n"
    )
    link = "a{n}.spool => hub.inbox {{\n  port = 4141\n  tls = mutual\n}}\n"
    links = [link.format(n=n) for n in range(5)]
    text = "\n".join([*hosts, *many, inbox, *links]).replace("  spool -> kept\n", "")
    text = text.replace('  sink kept : file_roll {\n    directory = "/srv/kept"\n  }\n\n', "")

    out = prove(text)[1]

    assert len([line for line in out.splitlines() if line.startswith("a0.numbers, a1")]) == 4
    assert out.count("and 3 more") == 3
    assert "10 pairs" in out


OUTAGE = """
check "kept for a day" {
  from = a.numbers
  to = a.kept
  rate = 1MB/s
  survives = [kill(a, count = 1, down = 1h), outage(a.kept, 2h)]
}
"""


def test_outages_have_a_table_of_their_own(prove: Prove) -> None:
    text = FLOW.replace('"here-{1..3}"]', '"here-{1..3}"] {\n  disk_rate = 20MB/s\n}') + OUTAGE
    status, out, _ = prove(text)

    rows = [line for line in out.splitlines() if line.startswith("outage(")]
    assert status == 0
    assert [row.split("  ")[0] for row in rows] == ["outage(a.kept, 2h)"]
    assert "a.spool" in out
    assert out.count("after 12m") == 1


def test_outages_in_sentences_and_as_data(prove: Prove) -> None:
    said = prove(FLOW + OUTAGE, "--path", "a.numbers", "a.kept")[1]
    assert "  outage(a.kept, 2h): room for " in said
    assert said.rstrip().endswith("caught up not known (no disk_rate)")

    shown, kept = json.loads(prove(FLOW + OUTAGE, "--format", "json")[1])
    assert shown["outages"] == []
    (killed, out) = kept["outages"]
    assert (killed["fault"], out["fault"], out["lasts"]) == ("kill", "outage", 7200.0)
    assert [each["channel"] for each in out["channels"]] == ["a.spool"]
    assert out["speed_not_known_of"] == "here-1"


def test_outages_as_markdown(prove: Prove) -> None:
    lines = prove(FLOW + OUTAGE, "--format", "markdown")[1].splitlines()

    assert "| outage | channel | room | lasts | needs | caught up |" in lines


def test_outages_of_many_agents_of_one_kind_are_one_row(prove: Prove) -> None:
    body = (FLOW + OUTAGE).split("\n\n", 1)[1]
    body = body.replace("here", "there")
    many = [
        re.sub(r"\ba\b(?=[. ,])", f"a{n}", body.replace("a day", f"{n}")).replace(
            "there", f"here{n}"
        )
        for n in range(5)
    ]
    hosts = [f'hosts here{n} = ["here-{n}"]\n' for n in range(5)]
    out = prove("\n".join([*hosts, *many]))[1]

    assert "outage(a0.kept, 2h) and 4 more" in " ".join(out.split())
