"""A folder that is not what the unit showed at the start is seen by a new start."""

from pathlib import Path

import pytest
from flumec.runtime.outlook import AGAIN, GRACE, LOOK_EVERY, Outlook, folders
from flumec.runtime.sources import Taildir
from flumec.runtime.testing.clock import ManualClock

HIDING = "30 20 0:140 / {place} ro,nosuid - tmpfs tmpfs rw,mode=755\n"
SHOWING = "31 30 254:0 {root} {place} ro,relatime master:4 - ext4 /dev/vda rw\n"


class Site:
    """A folder of logs in a folder that the unit may empty, and the agent's outlook on it."""

    def __init__(self, top: Path) -> None:
        self.top, self.logs = top / "my var", top / "my var" / "logs"
        self.mounts = top / "mountinfo"
        self.clock = ManualClock()

    def show(self, root: str | None, *, hide: bool = True) -> None:
        """Write what the kernel says: whether the top is emptied, and which folder is bound."""
        hiding = HIDING.format(place=_escaped(self.top)) if hide else ""
        showing = SHOWING.format(root=root, place=_escaped(self.logs)) if root else ""
        self.mounts.write_text(hiding + showing)

    def look(self) -> Outlook:
        return Outlook([str(self.logs)], self.clock, self.mounts)

    def over(self, outlook: Outlook, seconds: float) -> bool:
        """Return whether the agent is to start anew after so long, looking as often as it may."""
        for _ in range(round(seconds)):
            self.clock.advance(1)
            if outlook.is_over():
                return True
        return False


def _escaped(path: Path) -> str:
    return str(path).replace(" ", r"\040")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_folder_that_stays_is_no_reason(site: Site) -> None:
    site.logs.mkdir(parents=True)
    site.show("/var/logs")
    assert not site.over(site.look(), 1_000)


@pytest.mark.parametrize("root", ["/var/logs.old", "/var/logs//deleted"])
def test_one_that_was_moved_away_or_removed_is_after_a_grace(site: Site, root: str) -> None:
    site.logs.mkdir(parents=True)
    site.show("/var/logs")
    outlook = site.look()
    site.show(root)
    assert not site.over(outlook, GRACE - 1)
    assert site.over(outlook, LOOK_EVERY + 1)


def test_one_that_is_hidden_and_missing_is_looked_for_now_and_then(site: Site) -> None:
    site.top.mkdir()
    site.show(None)
    outlook = site.look()
    assert not site.over(outlook, AGAIN - 1)
    assert site.over(outlook, 1)


def test_one_that_is_missing_where_nothing_is_hidden_will_be_seen_when_it_comes(site: Site) -> None:
    site.top.mkdir()
    site.show(None, hide=False)
    assert not site.over(site.look(), 1_000)


@pytest.mark.parametrize("text", [None, ""])
def test_where_no_unit_hides_anything_there_is_nothing_to_see(site: Site, text: str | None) -> None:
    if text is not None:
        site.mounts.write_text(text)
    assert not site.over(site.look(), 1_000)


def test_the_kernels_own_list_can_be_read(tmp_path: Path) -> None:
    assert not Outlook([str(tmp_path)], ManualClock()).is_over()


def test_the_folders_are_those_of_all_patterns() -> None:
    logs = Taildir("logs", files=("/var/log/a/*.log", "/var/log/b/x.log"), rotated=("/old/*/x",))
    assert folders([logs]) == ["/var/log/a", "/var/log/b", "/old"]
