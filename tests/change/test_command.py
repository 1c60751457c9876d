"""`flumec plan` on the command line, and the page about it."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flumec.compiler import cli

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "plan.md").read_text()
OBJECT = {
    "flumec plan": int, "changes": bool, "version": {"before": str, "after": str}, "hosts": int,
    "journal_format": {"before": (int, type(None)), "after": int},
    "agents": [{
        "agent": str, "hosts": [str], "fate": str, "restarts": bool,
        "changes": [{
            "subject": str, "property": str, "before": (str, type(None)),
            "after": (str, type(None)), "default": (str, type(None)), "text": str,
        }],
    }],
    "waves": [{"hosts": [str], "circle": bool}],
    "leaving": [str],
    "standstills": [{
        "link": str, "senders": [str], "receivers": [str], "ports": {"before": int, "after": int},
        "outside": [str], "replaces": type(None),
    }],
    "orphans": [{
        "host": str, "agent": str, "channel": str, "reason": str, "rows": type(None),
        "bytes": type(None),
    }],
    "strangers": [{"agent": str, "flow": str, "hosts": [str]}],
}  # fmt: skip
"""What programs may rely on: keys and types."""

Flumec = Callable[..., tuple[int, str, str]]


@pytest.fixture
def flumec(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Flumec:
    """Run commands beside weblogs.flow and the bundle that it was built to."""
    for name in ("weblogs.flow", "hosts.ini"):
        shutil.copy(ROOT / "examples" / "weblogs" / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        out, err = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    assert run("build", "weblogs.flow", "-o", "dist")[0] == 0
    return run


def edit(*pairs: tuple[str, str]) -> None:
    path = Path("weblogs.flow")
    text = path.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def test_the_page_shows_what_it_says(flumec: Flumec) -> None:
    edit(("size = 1GiB", "size = 2GiB"), ("port = 4141", "port = 4142"))
    (command,) = re.findall(r"```sh\nflumec (.*)\n```", PAGE)
    assert flumec(*command.split()) == (
        1,
        re.findall(r"```\n(3 of 3.*?)```", PAGE, re.DOTALL)[0],
        "",
    )


def test_nothing_changes(flumec: Flumec) -> None:
    assert flumec("plan", "weblogs.flow", "--against", "dist") == (
        0, "nothing changes on 3 hosts\n", "",
    )  # fmt: skip


def fits(value: Any, form: Any) -> bool:
    if isinstance(form, dict):
        same = isinstance(value, dict) and value.keys() == form.keys()
        return same and all(fits(value[key], form[key]) for key in form)
    if isinstance(form, list):
        return isinstance(value, list) and all(fits(item, form[0]) for item in value)
    return isinstance(value, form)


def test_the_object_for_programs_has_its_keys_and_the_page_names_them(flumec: Flumec) -> None:
    edit(
        ("port = 4141", "port = 4142"), ("inbox", "hall"),
        ("web-2", "web-1"), ("count = 2", "count = 1"),
    )  # fmt: skip
    Path("hosts.ini").write_text("[web]\nweb-1.example.com log_dir=/x\n")
    status, out, _ = flumec("plan", "weblogs.flow", "--against", "dist", "--format", "json")
    found = json.loads(out)
    assert status == 1
    assert not [key for key in ("agents", "waves", "leaving", "orphans") if not found[key]]
    replaced = {**OBJECT["standstills"][0], "replaces": str}  # type: ignore[index]
    assert fits(found, {**OBJECT, "standstills": [replaced]})
    assert set(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)) == OBJECT.keys()


@pytest.mark.slow
def test_a_comment_is_short_and_whole(flumec: Flumec) -> None:
    hosts = "".join(f"w{number} log_dir=/var/log/{number}\n" for number in range(400))
    Path("hosts.ini").write_text(f"[web]\n{hosts}")
    edit(("web-1.example.com", "w1"), ("web-2.example.com", "w2"))
    assert flumec("build", "weblogs.flow", "-o", "dist")[0] == 0
    Path("hosts.ini").write_text("[web]\n" + hosts.replace("/var/log", "/srv/a-longer-folder"))
    status, out, _ = flumec("plan", "weblogs.flow", "--against", "dist", "--format", "markdown")
    assert status == 1
    assert len(out) < 21_000
    assert out.count("```") == 2
    assert "lines more" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--against", "nowhere"), "`nowhere` is no flumec bundle"),
        (("--against", "dist/core-1.example.com"), "is the folder of one host"),
        (("--against", "old"), "of another version of flumec"),
        (("--against", "dist", "--hosts", "wep"), "did you mean `web`?"),
        (("--against", "dist", "--state", "dist"), "there is no journal in dist"),
        (
            ("--against", "dist", "--state", "core-1.exampel.com=dist"),
            "there is no host `core-1.exampel.com`; did you mean `core-1.example.com`?",
        ),
        ((), "the option `--against` is missing"),
    ],
)
def test_what_cannot_be_told(flumec: Flumec, arguments: tuple[str, ...], words: str) -> None:
    Path("old").mkdir()
    older = {"flumec bundle": 1, "version": "0.0", "digest": "", "files": {}, "hosts": {
        "web-1": {"address": "web-1", "agents": ["tailer"]}}}  # fmt: skip
    Path("old", "manifest.json").write_text(json.dumps(older))
    status, out, err = flumec("plan", "weblogs.flow", *arguments)
    assert (status, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


def test_files_with_errors_are_no_plan(flumec: Flumec) -> None:
    edit(("size = 1GiB", "size = 1gb"))
    status, out, err = flumec("plan", "weblogs.flow", "--against", "dist")
    assert (status, out) == (2, "")
    assert "error[" in err
    assert "nothing can be compared" in err


def test_a_part_of_the_fleet_waits_for_who_installs_the_rest(flumec: Flumec) -> None:
    assert flumec("build", "weblogs.flow", "-o", "dist", "--hosts", "web")[0] == 0
    edit(("port = 4141", "port = 4142"))
    status, out, _ = flumec("plan", "weblogs.flow", "--against", "dist", "--hosts", "web")
    assert status == 1
    assert "core-1.example.com must be installed first, and is in another build" in out
    assert "collector on" not in out
