"""Clients send the headers that the file declares: what lacks one is refused, what is more is left
out.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flumec.compiler.build import lint_text
from flumec.runtime.component import Header
from flumec.runtime.sources.headers import ClientHeaders

from .conftest import Log, Serve

KIND, USER = Header("kind"), Header("user")


def declared(**said: Any) -> ClientHeaders:
    return ClientHeaders(**{"required": (KIND,), "optional": (USER,)} | said)


def sent(*headers: dict[str, str]) -> list[dict[str, Any]]:
    return [{"headers": each, "body": str(number)} for number, each in enumerate(headers)]


@pytest.mark.parametrize("others", ["drop", "keep", "refuse"])
def test_what_is_declared_is_stored(serve: Serve, log: Log, others: str) -> None:
    events = sent({"kind": "click"}, {"kind": "", "user": "ann"}, {"user": "", "kind": "view"})

    status, text, _ = serve(("kind",), headers=declared(others=others)).post(events)

    assert (status, text) == (200, "")
    assert log.rows == [(event["body"], event["headers"]) for event in events]


@pytest.mark.parametrize("others", ["drop", "keep", "refuse"])
@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({}, 'it lacks the header "kind", which each event must have'),
        ({"user": "x"}, 'it lacks the header "kind", which each event must have'),
        ({"knid": "x"}, 'it lacks the header "kind", which each event must have; it has "knid"'),
        ({"Kind": "x"}, 'it lacks the header "kind", which each event must have; it has "Kind"'),
    ],
)
def test_a_request_without_a_required_header_is_400_and_nothing_of_it_is_stored(
    serve: Serve, log: Log, bad: dict[str, str], sentence: str, others: str
) -> None:
    served = serve(headers=declared(others=others))

    status, text, _ = served.post(sent({"kind": "a"}, bad, {"kind": "b"}))

    assert (status, text) == (400, f"event 2 of 3: {sentence}\n")
    assert (log.rows, log.puts) == ([], 0)
    assert served.place.counts["requests_refused"] == 1
    assert served.post(sent({"kind": "a"}))[0] == 200


def test_others_are_left_out_and_counted(serve: Serve, log: Log) -> None:
    served = serve(("kind",), headers=declared())

    status, _, _ = served.post(
        sent({"kind": "a", "Kind": "A", "trace": "1"}, {"kind": "b"}, {"kind": "c", "trace": "2"})
    )

    assert status == 200
    assert log.rows == [(str(number), {"kind": kind}) for number, kind in enumerate("abc")]
    assert served.place.counts["headers_left_out"] == 3


def test_others_are_kept(serve: Serve, log: Log) -> None:
    served = serve(headers=declared(others="keep"))

    assert served.post(sent({"kind": "a", "trace": "1"}))[0] == 200

    assert log.rows == [("0", {"kind": "a", "trace": "1"})]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("usr", 'the header "usr" is not taken; did you mean "user"?'),
        ("trace", 'the header "trace" is not taken, only "kind", "user"'),
        ("x" * 200, f'the header "{"x" * 64}\\u2026" is not taken, only "kind", "user"'),
    ],
)
def test_others_are_refused(serve: Serve, log: Log, name: str, sentence: str) -> None:
    served = serve(headers=declared(others="refuse"))

    status, text, _ = served.post(sent({"kind": "a"}, {"kind": "b", name: "1"}))

    assert (status, text) == (400, f"event 2 of 2: {sentence}\n")
    assert log.puts == 0


def test_a_source_may_take_bodies_alone(serve: Serve, log: Log) -> None:
    served = serve(headers=ClientHeaders())

    assert served.post([{"body": "a", "headers": {"kind": "x"}}, {"body": "b"}])[0] == 200

    assert log.rows == [("a", {}), ("b", {})]


def test_a_repeated_request_is_refused_as_often_as_it_comes(serve: Serve, log: Log) -> None:
    served = serve(headers=declared(), request_id="Idempotency-Key")

    answers = [served.post(sent({}), Idempotency_Key="1")[0] for _ in range(2)]

    assert answers == [400, 400]
    assert served.post(sent({"kind": "a"}), Idempotency_Key="1")[0] == 200
    assert log.bodies == ["0"]


def test_what_the_json_is_wrong_in_is_said_first(serve: Serve) -> None:
    served = serve(headers=declared())

    status, text, _ = served.post(json.dumps([{"headers": {"n": 1}}]))

    assert (status, text) == (400, 'event 1 of 1: header "n" must be a string, not a number\n')


def test_the_page_is_so(serve: Serve, log: Log) -> None:
    page = (Path(__file__).parents[2] / "docs" / "http.md").read_text()
    part = page.partition("## Which headers events have\n")[2].partition("\n## ")[0]
    (source,) = re.findall(r"```flow\n(.*?)```", part, re.DOTALL)
    flow = f"""hosts web = ["gateway-1"]

agent gateway on web {{
{source}
  channel spool : file {{
    size = 16GiB
  }}

  sink files : file_roll {{
    directory = "/srv/files"
    path = "%{{kind}}"
  }}

  events -> spool
  spool -> files
}}
"""
    found = {finding.code for finding in lint_text(flow).diagnostics}
    served = serve(headers=declared(required=(KIND, USER), optional=(Header("X-Trace"),)))
    good = {"kind": "click", "user": "ann"}

    assert found == {"FL921"}  # what any port in the open is told
    sentence = served.post(sent(good, good, {"knid": "", "user": ""}, *[good] * 7))[1]
    assert f"`{sentence.strip()}`" in part
