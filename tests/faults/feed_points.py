"""Where agents of the feed are killed: requests, keys, letters, a lake, a sealed journal."""

from faults.points import CONSUMER, Point

_GATE = "call flumec.runtime.http.server:Gate"
_NAMES = "call flumec.runtime.http.remembered:Remembered"
_SEEN = "call flumec.runtime.dedup.seen:Seen"
_ONCE = "call flumec.runtime.output.once:Once"
_LETTERS = "call flumec.runtime.letters:Letters"
_PACKING = "call flumec.runtime.journal.packing"
_PUBLISHER = "call flumec.runtime.output.publisher:Publisher"
_RUN = "disk {} */dedup/*/*.keys"
_JOURNAL = "disk {} */gateway/journal/*.seg"
_SEALED = "disk {} */journal-vault/*.seg"
_LAKE = "disk {} */store/lake/.flumec/*/*/*"

HTTP = [
    Point("http", "gateway", "events are decoded and not put", f"{_GATE}._put", "before", 20),
    Point("http", "gateway", "a request has a slot for its name", f"{_NAMES}.begin", "after", 20),
    Point("http", "gateway", "events are put and not stored", f"{_GATE}._put", "after", 20),
    Point("http", "gateway", "events are stored, not answered", f"{_NAMES}._end", "before", 20),
    Point("http", "gateway", "a name is remembered, not answered", f"{_NAMES}._end", "after", 20),
    Point("http", "gateway", "names are read back", f"{_NAMES}.__init__", "after", 1),
]
FAN_OUT = [
    Point("fan-out", "gateway", "a put for three is about to be written", _JOURNAL.format("write"),
          "before", 20),
    Point("fan-out", "gateway", "half of it is written", _JOURNAL.format("write"), "half", 20),
    Point("fan-out", "gateway", "it is written, not synced", _JOURNAL.format("sync"), "before", 20),
    Point("fan-out", "gateway", "it is synced, nobody knows", _JOURNAL.format("sync"), "after", 20),
    Point("fan-out", "gateway", "a segment is about to be freed", _JOURNAL.format("unlink"),
          "before", 2),
    Point("fan-out", "gateway", "the journal opens", "disk * *", "before", 24, "opening"),
]  # fmt: skip
LAKE = [
    Point("hdfs commit", "gateway", "a hidden file has a name", _LAKE.format("open"), "after"),
    Point("hdfs commit", "gateway", "half of its lines are written", _LAKE.format("write"), "half"),
    Point("hdfs commit", "gateway", "one of its files is synced", _LAKE.format("sync"), "after", 9),
    Point("hdfs commit", "gateway", "an intent is about to be stored", f"{CONSUMER}.intend"),
    Point("hdfs commit", "gateway", "an intent is stored", f"{CONSUMER}.intend", "after"),
    Point("hdfs commit", "gateway", "some files are published", _LAKE.format("rename"), "after", 9),
    Point("hdfs commit", "gateway", "a cursor is about to go", f"{CONSUMER}.resolve"),
    Point("hdfs commit", "gateway", "a start takes over", "disk rename *", "before", 3, "settling"),
    Point("hdfs commit", "gateway", "a start settles", "disk * */store/*", "before", 20, "settling",
          "hdfs commit: some files are published (gateway)"),
]  # fmt: skip
DEDUP = [
    Point("dedup", "gateway", "keys are about to be sealed", f"{_SEEN}.seal"),
    Point("dedup", "gateway", "a run has a name", _RUN.format("open"), "after"),
    Point("dedup", "gateway", "half of a run is written", _RUN.format("write"), "half"),
    Point("dedup", "gateway", "a run is written, not synced", _RUN.format("sync")),
    Point("dedup", "gateway", "a run is sealed, nothing intended", f"{_SEEN}.seal", "after"),
    Point("dedup", "gateway", "files are published, keys not live", f"{_SEEN}.commit"),
    Point("dedup", "gateway", "keys are live, the cursor is not stored", f"{_SEEN}.commit",
          "after"),
    Point("dedup", "gateway", "runs are about to be joined", f"{_SEEN}._join", "before", 2),
    Point("dedup", "gateway", "runs are joined, no cursor says so", f"{_SEEN}._join", "after", 2),
    Point("dedup", "gateway", "a run is about to be removed", _RUN.format("unlink"), "before", 2),
    Point("dedup", "gateway", "a run is removed", _RUN.format("unlink"), "after", 2),
    Point("dedup", "gateway", "keys are about to be read back", f"{_ONCE}.begin", "before", 1),
    Point("dedup", "gateway", "keys are read back", f"{_ONCE}.begin", "after", 1),
    Point("dedup", "gateway", "a left run is about to go", _RUN.format("unlink"), "before", 1,
          "settling", "dedup: a run is sealed, nothing intended (gateway)"),
]  # fmt: skip
LETTERS = [
    Point("dead letters", "gateway", "rows are about to be given up", f"{_LETTERS}.send", "before",
          2, away=True),
    Point("dead letters", "gateway", "letters are about to be put", f"{_LETTERS}._stored", "before",
          3, away=True),
    Point("dead letters", "gateway", "letters are stored, nobody knows", f"{_LETTERS}._stored",
          "after", 3, away=True),
    Point("dead letters", "gateway", "rows are forgotten, the cursor not moved",
          f"{CONSUMER}.forget", "after", 2, away=True),
    Point("dead letters", "gateway", "a cursor is past them", "call "
          "flumec.runtime.output.delivery:Delivery._give_up", "after", 1, away=True),
    Point("dead letters", "gateway", "an intent is about to be taken back",
          f"{_PUBLISHER}._withdraw", "before", 1, away=True),
]  # fmt: skip
VAULT = [
    Point("encrypted journal", "vault", "a body is about to be sealed",
          f"{_PACKING}:Key.seal", "before", 20),
    Point("encrypted journal", "vault", "a body is sealed, not written",
          f"{_PACKING}:Key.seal", "after", 20),
    Point("encrypted journal", "vault", "half of a group is written", _SEALED.format("write"),
          "half", 20),
    Point("encrypted journal", "vault", "a group is written, not synced", _SEALED.format("sync"),
          "before", 20),
    Point("encrypted journal", "vault", "a group is synced, nobody knows", _SEALED.format("sync"),
          "after", 20),
    Point("encrypted journal", "vault", "a new segment has a name", _SEALED.format("open"),
          "after", 3),
    Point("encrypted journal", "vault", "a segment is about to be freed",
          _SEALED.format("unlink"), "before", 2),
    Point("encrypted journal", "vault", "a body is read back",
          f"{_PACKING}:Opened.open", "after", 3),
    Point("key rotation", "vault", "a journal opens with a new key", "disk * */journal-vault*",
          "before", 20, "opening"),
    Point("key rotation", "vault", "its first segment is about to be written",
          _SEALED.format("write"), "before", 1, "opening"),
    Point("key rotation", "vault", "its first segment is safe", _SEALED.format("sync"), "after", 1,
          "opening"),
    Point("key rotation", "vault", "what older keys sealed is read", f"{_PACKING}:Opened.open",
          "before", 1, needs="encrypted journal: a group is synced, nobody knows (vault)"),
]  # fmt: skip

FEED = [*HTTP, *FAN_OUT, *LAKE, *DEDUP, *LETTERS, *VAULT]
