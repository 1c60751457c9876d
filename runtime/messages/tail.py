"""RT2xx, the first half: what the source `taildir` says."""

from flumec.runtime.messages.message import Message


class CannotFollow(Message, code="RT201", level="error"):
    """A file or directory that is to be followed cannot be read.

    It is tried again at every look. What it holds is not lost, unless the file is rotated away and
    deleted before it can be read.

    ## What to do

    Give the agent's user the right to read it, as the reason says: by the file's group, or by an
    access list, `setfacl -m u:USER:r FILE` and `:rx` on its directories. Set it for new files too,
    where the program that writes or rotates them decides.
    """

    text = "{reason}"
    reason: str


class LostUnread(Message, code="RT202", level="error"):
    """A file was emptied before all of it was read: those lines are lost.

    They are counted as `flumec_source_bytes_lost_total`.

    ## What to do

    Rotate by renaming, not by copy and truncate: between the copy and the cut lines are lost
    whatever reads them. Else keep the copies and name them in `rotated`, so that they are found
    there; and look at why the source was behind, `flumec top`.
    """

    text = "{path} was emptied with {count} bytes not yet read: they are lost"
    path: str
    count: int


class Emptied(Message, code="RT203", level="warning"):
    """A file was emptied although its rotation is declared to rename files.

    It is read again from its start. If it was rotated by a copy, lines may be lost or repeated.

    ## What to do

    If `logrotate` has `copytruncate` for it, say `rotation = copytruncate`. Else find who empties
    it.
    """

    text = (
        "{path} was emptied although `rotation = {rotation}`: if it is rotated by a copy, say "
        "`rotation = copytruncate`, or lines are lost or repeated"
    )
    path: str
    rotation: str


class OnlyPolled(Message, code="RT204", level="warning"):
    """Files are looked at from time to time instead of when they change.

    The kernel gives the agent no inotify. All is read, up to `poll` later.

    ## What to do

    Raise what the reason names, for instance `sysctl fs.inotify.max_user_instances=1024`; other
    programs of the same user count too. Then restart the agent.
    """

    text = "files are only polled, inotify cannot be used: {reason}"
    reason: str


class TooManyWatches(Message, code="RT205", level="warning"):
    """A directory is looked at from time to time, as the kernel has no more watches to give.

    All is read, up to `poll` later.

    ## What to do

    `sysctl fs.inotify.max_user_watches=1048576`, and the same in /etc/sysctl.d. Then restart the
    agent.
    """

    text = "{path} and perhaps more are only polled: raise fs.inotify.max_user_watches"
    path: str


class RotatedAway(Message, code="RT206", level="error"):
    """A file went away while the agent was down, and the end of it was never read.

    The bytes that were known are counted as `flumec_source_bytes_lost_total`; what was written
    after the agent last looked cannot be known.

    ## What to do

    Keep rotated files for longer than the agent may be down, and name them in `rotated`, so that
    they are found under their new names.
    """

    text = (
        "{path} was rotated away or deleted while the agent was down: at least {count} bytes of it "
        "were not read and are lost"
    )
    path: str
    count: int


class ReadsAgain(Message, code="RT207", level="warning"):
    """The journal refused lines because another position of the file was stored already.

    They are read again from the stored position, so nothing is lost or repeated. It should not
    happen while one agent uses the state directory.

    ## What to do

    Nothing, if it happens once. Else see that the state directory was not restored or copied while
    the agent ran, and please report it.
    """

    text = "reads again what was not stored: {reason}"
    reason: str


class NoRegularFile(Message, code="RT208", level="warning"):
    """Something that is no regular file has a name that is followed.

    A directory, socket or pipe has no lines with places that could be remembered.

    ## What to do

    Narrow the pattern in `files`, so that it leaves the name out.
    """

    text = "{path} is not followed: it is no regular file"
    path: str


class FolderMissing(Message, code="RT209", level="warning"):
    """A directory that is to be followed does not exist yet.

    It is looked for again and again, and read from the start when it is there.

    ## What to do

    Nothing, if the program that makes it is not installed yet. Else see whether its name is right.
    """

    text = "{path} does not exist yet: it is waited for"
    path: str
