"""RT1xx: what an agent says of itself and of any of its components."""

from flumec.runtime.messages.message import Message


class CannotWork(Message, code="RT101", level="warning"):
    """A component cannot work for now, and goes on trying.

    Nothing is lost: what it cannot deliver waits in its channel, and what a source cannot take
    waits outside. The rest of the agent works. `works again` follows when it is over; until then
    `/readyz`, `flumec status` and the unit's status line say the same reason.

    ## What to do

    Do what the reason asks for: it names the file, server or right that is missing. Nothing has to
    be started anew. How long the channel can wait is `held_bytes` against its `size`, see
    `flumec top`.
    """

    text = "cannot work for now: {reason}"
    reason: str


class CannotGoOn(Message, code="RT102", level="error"):
    """A component ended, so the agent's process ends with exit code 1.

    The other components finish what they have in three seconds; then the service manager starts the
    agent again. What is in file channels is still there.

    ## What to do

    Do what the reason asks for; the place in the .flow file stands before it. If the reason names a
    class of Python's, such as `ValueError`, it is a mistake in flumec or in a component of yours:
    `--log debug` shows where.
    """

    text = "{where}cannot go on, so the agent ends: {reason}"
    where: str
    reason: str


class CannotRun(Message, code="RT103", level="error"):
    """The agent cannot start on this host.

    Nothing was read, stored or sent. The service manager tries again, after a while that grows
    (RT118): `systemctl status` says the reason and when.

    ## What to do

    Do what the reason asks for: a port that is taken, a directory that the agent's user may not
    write, a credential that is missing, a journal that is damaged or that another process has open.
    """

    text = "`{agent}` cannot run: {reason}"
    agent: str
    reason: str


class NotStopped(Message, code="RT104", level="error"):
    """A component did not stop in time, and was left behind when the agent ended.

    What it had not finished is not acknowledged. After the next start it is done again from the
    journal; nothing is lost or repeated beyond what its claim says.

    ## What to do

    Look at what it was waiting for: a server that takes connections and does not answer, or a disk
    that hangs. If it is always this one, ask for its state before you stop the agent:
    `flumec status`.
    """

    text = "did not stop in time; what it has not finished waits"


class FailedStopping(Message, code="RT105", level="error"):
    """A component failed while the agent was ending.

    As with RT104, what was not finished is done again after the next start.

    ## What to do

    Do what the reason asks for before the next start, which else meets the same.
    """

    text = "failed while stopping: {reason}"
    reason: str


class Silent(Message, code="RT106", level="error"):
    """A component has not passed its loop for so long that the watchdog is no longer fed.

    It hangs: waiting counts as passing, so does trying again. When `WatchdogSec` is over the
    service manager kills the process and starts it anew, which loses nothing that is in a file
    channel.

    ## What to do

    If it comes back after the start, find what it hangs in: `py-spy dump --pid PID` shows each
    thread by its component's name. Waiting for a disk is allowed five minutes; `dmesg` tells of
    disks that do not answer.
    """

    text = "has not passed its loop for {seconds:.0f} s: the watchdog is not fed"
    seconds: float


class EndedAtOnce(Message, code="RT107", level="warning"):
    """A second signal came while the agent was draining, so it ended without finishing.

    It is as if it had been killed: the next start goes on from the journal.

    ## What to do

    Nothing. To let it finish, send one signal and wait: it takes 20 s at most.
    """

    text = "{signal} again: ending at once"
    signal: str


class NotAnswered(Message, code="RT108", level="warning"):
    """A request at the agent's port or control socket could not be answered.

    The agent's work is not touched by it.

    ## What to do

    Ask again. If the same request fails again it is a mistake in flumec: please report it with the
    reason.
    """

    text = "a request was not answered: {reason}"
    reason: str


class NothingStored(Message, code="RT109", level="error"):
    """The journal cannot be written any more, so the agent ends.

    After a failed write or sync nobody knows what is on the disk. So nothing is acknowledged and
    nothing more is written; the next start recovers what is surely there, and sources send again
    what was not acknowledged.

    ## What to do

    Look at the disk that holds the state directory: `dmesg`, `smartctl -a`, `df`, and whether it
    is mounted read-only. A disk that fails a sync is to be replaced. If there is no room, make
    some: the agent can then start and drain.
    """

    text = "nothing more can be stored, so the agent ends: {reason}"
    reason: str


class DiskIsFull(Message, code="RT110", level="warning"):
    """The journal's disk has no room, or no inode, for another segment.

    Nothing is lost and nothing ends: what is stored is delivered, for which the journal keeps a
    reserve, and what that frees is used again. Until then sources wait, or refuse where they can,
    as with a full channel; memory channels go on.

    ## What to do

    Make room on the disk that holds the state directory (`df`, `df -i`), or see why the sinks are
    slower than the sources: `flumec status`. Channels whose sizes add up to less than the disk
    never come to this.
    """

    text = "no room on the disk of {directory}: sources wait until what is stored is delivered"
    directory: str


class CameFromElsewhere(Message, code="RT111", level="warning"):
    """The state directory was last used on another machine: it was moved, restored or cloned.

    After a move all is well: the agent goes on where it was. If the other machine still runs the
    agent on the same state, what the two had in common when it was copied is delivered by both. The
    receiving end of a link tells them apart, and refuses the second; other sinks cannot know.

    ## What to do

    After a move, nothing. If this is a clone, stop the agent here, remove its state directory, and
    start it: it then begins as a new one. If it was restored from a backup, rows that were
    delivered since the backup are delivered again, and sources go on from where they were then:
    `flumec channel ls` shows both.
    """

    text = (
        "{state} was last used on another machine, by the agent of {host}: if that one still runs, "
        "what both have is delivered twice"
    )
    state: str
    host: str


class SpillLost(Message, code="RT112", level="warning"):
    """At an orderly end a channel that spills had events in memory, and its disk no room for them.

    They are lost. Those that its sink had not delivered are counted as dropped: at once, or where
    the sink had files open, at the next start, when it is known what became of these.

    ## What to do

    Nothing brings them back. Give the channel more `size`, so that what it has in memory when the
    agent stops has room on the disk as well: `size` should be at least `memory` more than what you
    expect to wait there. Where no event may be lost, take a channel of the kind `file`.
    """

    text = (
        "{events} events in memory have no room on the disk, and are lost with the process; "
        "{counted} of them are surely not delivered, and counted as dropped"
    )
    events: int
    counted: int


class SlowDisk(Message, code="RT113", level="warning"):
    """A sync of the journal takes unusually long, and whatever is put waits for it.

    Nothing is lost: sources go on when it is over, and sinks deliver what is stored. The agent is
    not taken for hanging, and neither restarted nor ended, however long it takes. The status line
    says so until it is over; `flumec_journal_sync_seconds` counts how long syncs take.

    ## What to do

    Look at what else uses the disk (`iostat -x`, `iotop`), whether it is dying (`dmesg`,
    `smartctl`), and whether it lies behind a network. If it is only ever busy, give the journal one
    of its own: `journal` with a `directory`.
    """

    text = "its disk is slow: a sync has taken {seconds:.0f}s so far, and puts wait for it"
    seconds: float


class SegmentStays(Message, code="RT114", level="error"):
    """A segment of the journal could not be written anew without what is delivered.

    That is a fault of this program, and not of the disk. Nothing is lost, and the agent goes on:
    the segment holds its disk space until every channel is past all of it.

    ## What to do

    Report it, with what `--log debug` shows of it. If the disk fills up meanwhile, see which
    channel holds the segment (`flumec channel ls`), and deliver, or give up, what that one has.
    """

    text = "{segment} cannot be made smaller, and stays: {reason}"
    segment: str
    reason: str


class BeingDrained(Message, code="RT120", level="warning"):
    """The agent was told to run empty, by `flumec drain`, and starts neither sources nor receivers.

    What it holds goes out by its sinks and links. That outlives restarts on purpose: an agent that
    is to be taken away shall not begin again by itself.

    ## What to do

    Nothing, if it is to be taken away: `flumec drain AGENT` says what is left. If not,
    `flumec drain AGENT --cancel`, and start it once more.
    """

    text = "it is being drained: nothing comes in, what it holds goes out"
