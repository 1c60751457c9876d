"""Where a process is killed: named steps of its work, by the disk's verbs or by a method's name.

A place is `disk VERB PATTERN`, a call of the disk for a path that the pattern matches, or
`call MODULE:CLASS.METHOD`. A point strikes at the n-th time that the process comes there, before
the step, after it, or, if it is a write, when half of it is on the disk.
"""

from dataclasses import dataclass
from typing import Literal

Stage = Literal["any", "opening", "settling"]
"""`opening`: before the journal is open. `settling`: then, before the sink reads its first row."""

SEGMENT = "*/journal/*.seg"
HIDDEN = "*/.flumec/*/*/????????????????????????????????-*"
CONSUMER = "call flumec.runtime.journal.consumer:Consumer"


@dataclass(frozen=True)
class Point:
    """One step at which a process can be killed."""

    kind: str
    role: str
    name: str
    place: str
    when: Literal["before", "half", "after"] = "before"
    most: int = 5
    """The latest time, counted in the process, at which it strikes."""
    stage: Stage = "any"
    needs: str = ""
    """The point that has to strike just before, to leave something that this one meets."""
    away: bool = False
    """Whether a store is to be away, so that its rows are given up."""

    @property
    def key(self) -> str:
        """A name for an environment variable and a report."""
        return f"{self.kind}: {self.name} ({self.role})"


def _both(kind: str, name: str, place: str, when: str = "before", most: int = 5) -> list[Point]:
    roles = ("tailer", "collector")
    return [Point(kind, role, name, place, when, most) for role in roles]  # type: ignore[arg-type]


PUT = "call flumec.runtime.surroundings:SourceSurroundings.put"
SENDER = "call flumec.runtime.links.sender_session:SenderSession"
RECEIVER = "call flumec.runtime.links.receiver_session:ReceiverSession"

SOURCE = [
    Point("source", "tailer", "lines are read and not put", PUT),
    Point("source", "tailer", "lines are put and not stored", PUT, "after"),
    Point(
        "source", "tailer", "a file is settled after a rotation",
        "call flumec.runtime.tail.scan:Scanner.scan", "after", 20,
    ),
]  # fmt: skip
JOURNAL = [
    *_both("journal", "a group is about to be written", f"disk write {SEGMENT}", most=20),
    *_both("journal", "half of a group is written", f"disk write {SEGMENT}", "half", 20),
    *_both("journal", "a group is written, not synced", f"disk sync {SEGMENT}", most=20),
    *_both("journal", "a group is synced, nobody knows", f"disk sync {SEGMENT}", "after", 20),
    *_both("journal", "a new segment has a name", f"disk open {SEGMENT}", "after", 3),
    *_both("journal", "a new segment has its blocks", f"disk allocate {SEGMENT}", "after", 2),
    *_both("journal", "a segment's name is not yet safe", "disk sync_directory */journal", most=3),
    *_both("journal", "the old segment is about to be cut", f"disk truncate {SEGMENT}", most=2),
    *_both("journal", "a segment is about to be freed", f"disk unlink {SEGMENT}", most=2),
    *_both("journal", "a segment is freed", f"disk unlink {SEGMENT}", "after", 2),
]
LINK = [
    Point("link sender", "tailer", "a hello is about to go", f"{SENDER}.hello", "after", 1),
    Point("link sender", "tailer", "a frame is about to go", f"{SENDER}.sent"),
    Point("link sender", "tailer", "a frame is sent", f"{SENDER}.sent", "after"),
    Point("link sender", "tailer", "an acknowledgement is here", f"{SENDER}.on"),
    Point("link sender", "tailer", "an acknowledgement is taken", f"{SENDER}.on", "after"),
    Point(
        "link sender", "tailer", "what is acknowledged is about to be settled",
        f"{CONSUMER}.advance", most=6,
    ),
    Point("link receiver", "collector", "a hello is here", f"{RECEIVER}.hello", "before", 1),
    Point("link receiver", "collector", "a session has begun", f"{RECEIVER}.hello", "after", 1),
    Point("link receiver", "collector", "a frame is here", f"{RECEIVER}.take"),
    Point("link receiver", "collector", "a frame is about to be put", f"{RECEIVER}.take", "after"),
    Point("link receiver", "collector", "a frame is stored", f"{RECEIVER}.settled"),
    Point("link receiver", "collector", "an answer is not sent", f"{RECEIVER}.ack", "after"),
]  # fmt: skip
SINK = [
    *_both("sink commit", "hidden files are full, not synced", f"disk sync {HIDDEN}"),
    *_both("sink commit", "a hidden file is synced", f"disk sync {HIDDEN}", "after"),
    *_both("sink commit", "hidden names are safe", "disk sync_directory */.flumec/*", "after", 9),
    *_both("sink commit", "an intent is about to be stored", f"{CONSUMER}.intend"),
    *_both("sink commit", "an intent is stored", f"{CONSUMER}.intend", "after"),
    *_both("sink commit", "a file is about to be published", f"disk rename {HIDDEN}"),
    *_both("sink commit", "a file is published", f"disk rename {HIDDEN}", "after"),
    *_both("sink commit", "published names are safe", "disk sync_directory */store/*/*", "after"),
    *_both("sink commit", "an intent is about to be resolved", f"{CONSUMER}.resolve"),
    *_both("sink commit", "a cursor is on its way", f"{CONSUMER}.resolve", "after"),
]
ROLL = [
    *_both("roll", "a hidden file has a name", f"disk open {HIDDEN}", "after"),
    *_both("roll", "half of its lines are written", f"disk write {HIDDEN}", "half"),
    *_both("roll", "its lines are written", f"disk write {HIDDEN}", "after"),
]
PUBLISHED = "sink commit: a file is published (collector)"
INTENDED = "sink commit: an intent is stored (collector)"
RECOVERY = [
    Point("recovery", role, "a journal opens", "disk * *", "before", 24, "opening")
    for role in ("tailer", "collector", "tailer", "collector")
] + [
    Point(
        "recovery", "collector", "a sink takes over hidden files", "disk rename *", "before", 1,
        "settling", "roll: its lines are written (collector)",
    ),
    Point(
        "recovery", "collector", "hidden files are taken over", "disk rename *", "after", 1,
        "settling", INTENDED,
    ),
    Point(
        "recovery", "collector", "a sink settles what was under way", "disk * */store/*", "before",
        14, "settling", INTENDED,
    ),
    Point(
        "recovery", "collector", "a settled file is published", "disk rename */store/*", "after", 2,
        "settling", INTENDED,
    ),
    Point(
        "recovery", "collector", "an intent is about to be resolved", f"{CONSUMER}.resolve",
        "before", 1, "settling", PUBLISHED,
    ),
    Point(
        "recovery", "collector", "an intent is resolved", f"{CONSUMER}.resolve", "after", 1,
        "settling", INTENDED,
    ),
]  # fmt: skip

LINKED = [*SOURCE, *JOURNAL, *LINK, *SINK, *ROLL, *RECOVERY]
