"""A row's path follows from the stored row alone, and never leaves the sink's directory."""

import calendar
import posixpath
import time
import unicodedata
from typing import Any

import pyarrow as pa
import pytest
from flumec.runtime.batch import constant
from flumec.runtime.output.buckets import Buckets
from flumec.runtime.output.names import file_name
from flumec.runtime.output.template import Template, TemplateError
from hypothesis import example, given
from hypothesis import strategies as st

from .conftest import BORN

NIGHT = 1_795_391_999_000  # 2026-11-22T23:59:59Z


def batch(rows: int, **columns: Any) -> pa.RecordBatch:
    bodies = pa.array([b"%d" % n for n in range(rows)], pa.binary())
    headers = columns.pop("headers", None)
    named: dict[str, Any] = {
        f"h.{name}": values if isinstance(values, pa.Array) else pa.array(values, pa.utf8())
        for name, values in columns.items()
    }
    if headers is not None:
        named["headers"] = pa.array(headers, pa.map_(pa.utf8(), pa.utf8()))
    return pa.record_batch({"body": bodies} | named)


def split(template: str, rows: pa.RecordBatch, born: int = BORN) -> dict[str, list[int]]:
    """Return the numbers of each path's rows."""
    split = Buckets(Template.parse(template)).split(rows, born, rows.column(0))
    found = {}
    for bucket, start, stop in split.runs:
        numbers = [int(body) for body in split.payload.to_pylist()[start:stop]]
        assert numbers == list(split.places[start:stop]) == sorted(numbers)
        assert bucket not in found
        found[bucket] = numbers
    return found


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("%Y-%m-%d", "2026-11-22"),
        ("%y/%n/%e", "26/11/22"),
        ("%H.%M.%S", "23.59.59"),
        ("%k %I %l %p", "23 11 11 PM"),
        ("%a %A %b %B", "Sun Sunday Nov November"),
        ("%j/%s", "326/1795391999"),
        ("100%%/%{kind}", "100%/click"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_every_escape(template: str, path: str) -> None:
    rows = batch(2, timestamp=[str(NIGHT)] * 2, kind=["click"] * 2)

    assert split(template, rows) == {path: [0, 1]}


@given(
    seconds=st.integers(0, calendar.timegm((9999, 12, 31, 23, 59, 59, 0, 0, 0))),
    template=st.sampled_from(["%Y", "%m", "%d", "%H", "%M", "%S", "%j", "%I", "%p", "%y"]),
)
def test_times_are_those_of_the_c_library_in_utc(seconds: int, template: str) -> None:
    expected = time.strftime(template, time.gmtime(seconds))
    if template == "%Y":
        expected = expected.zfill(4)

    assert split(template, batch(1, timestamp=[str(seconds * 1000 + 999)])) == {expected: [0]}


@pytest.mark.parametrize(
    "stamp",
    [None, "", "soon", "-1", "+5", "0x10", "1e3", " 1", "1.5", "9" * 15, "9" * 30, "١٢٣"],
)
def test_an_event_without_a_usable_time_has_its_frames(stamp: str | None) -> None:
    for others in (1, 10):
        rows = batch(1 + others, timestamp=[stamp] + ["0"] * others)
        assert split("%Y", rows) == {"2026": [0], "1970": list(range(1, 1 + others))}


def test_a_constant_a_dictionary_and_a_plain_column_give_the_same() -> None:
    values = [str(NIGHT), None, str(NIGHT + 1_000), "x", str(NIGHT)]
    hosts = ["a", "b", None, "a", "a"]
    plain = split("%d/%{host}", batch(5, timestamp=values, host=hosts))
    coded = split(
        "%d/%{host}",
        batch(
            5,
            timestamp=pa.array(values).dictionary_encode(),
            host=pa.array(hosts).dictionary_encode(),
        ),
    )
    mapped = [
        {k: v for k, v in {"timestamp": t, "host": h}.items() if v is not None}
        for t, h in zip(values, hosts, strict=True)
    ]
    rest = split("%d/%{host}", batch(5, headers=[list(each.items()) for each in mapped]))

    assert plain == coded == rest
    assert plain == {"22/a": [0, 3, 4], "22/b": [1], "23/_": [2]}
    same = batch(3, timestamp=constant(str(NIGHT), 3), host=constant("a", 3))
    assert split("%d/%{host}", same) == {"22/a": [0, 1, 2]}


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "/", "", None]),
            st.sampled_from(["x", "y", None]),
            st.sampled_from(["0", str(NIGHT), None, "z"]),
        ),
        max_size=30,
    )
)
def test_a_rows_path_does_not_depend_on_the_rows_around_it(
    rows: list[tuple[str | None, str | None, str | None]],
) -> None:
    template = "%Y/%{one}-%{two}"
    together: dict[int, str] = {}
    ones, twos, stamps = ([row[n] for row in rows] for n in range(3))
    all_rows = batch(len(rows), one=ones, two=twos, timestamp=stamps)
    for path, numbers in split(template, all_rows).items():
        together |= dict.fromkeys(numbers, path)

    for number, (one, two, stamp) in enumerate(rows):
        alone = split(template, batch(1, one=[one], two=[two], timestamp=[stamp]))
        assert list(alone) == [together[number]]
    assert sorted(together) == list(range(len(rows)))


@pytest.mark.slow
@given(st.text(), st.text())
@example("..", "")
@example("../../etc/passwd", "/")
@example("/etc/passwd", "\0")
@example(".flumec", ".")
@example("x" * 10_000, "ü" * 300)
@example("a\nb", "\\..\\")
@example("\x9b31m", "\x7f\x85")
def test_a_header_never_leaves_the_directory_nor_breaks_a_name(one: str, two: str) -> None:
    for template in ("%{one}", "%{one}/%{two}", "a/%{one}%{two}/b", ".".join(["%{one}"] * 12)):
        (path,) = split(template, batch(1, one=[one], two=[two]))
        assert posixpath.normpath(path) == path
        assert not posixpath.isabs(path)
        assert len(path.encode()) <= 2_000
        for part in path.split("/"):
            assert part
            assert not part.startswith(".")
            assert len(part.encode()) <= 200
            assert "\\" not in part
            assert not any(unicodedata.category(character) == "Cc" for character in part)
        assert path.count("/") == template.count("/")


@given(st.text(min_size=1), st.text(min_size=1))
def test_different_headers_have_different_paths(one: str, two: str) -> None:
    if "_" not in (one, two):
        (first,), (second,) = (split("%{x}", batch(1, x=[value])) for value in (one, two))
        assert (first == second) == (one == two)


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("%", "ends in a lone `%`"),
        ("%q", "`%q` in `%q` is unknown: there are %Y"),
        ("%{", "is not closed"),
        ("%{a", "is not closed"),
        ("%{}", "names no header"),
        ("/a", "begins with `/`"),
        ("a//b", "has an empty part"),
        ("a/", "has an empty part"),
        ("../a", "has the part `..`"),
        (".flumec", "has the part `.flumec`"),
        ("a\0b", "cannot hold the character NUL"),
    ],
)
def test_a_wrong_template_is_told_when_it_is_declared(template: str, sentence: str) -> None:
    with pytest.raises(TemplateError) as error:
        Template.parse(template)
    assert sentence in str(error.value)


@given(st.text(max_size=300), st.integers(0, 2**64 - 1))
def test_a_file_name_fits_whatever_the_host_is_called(host: str, row: int) -> None:
    writer = (host, "a" * 300, "s" * 300)
    name = file_name(writer, row, row + 1, bytes(16), "." + "x" * 31)
    assert len(name.encode()) <= 255
    assert "/" not in name
    assert "\0" not in name
