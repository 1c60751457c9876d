"""RT1xx: what an agent says of the unit that it is run by."""

from flumec.runtime.messages.message import Message


class WaitsToStart(Message, code="RT118", level="warning"):
    """The agent waits before it starts, as it ended several times in a row soon after it began.

    Two starts are free; then each waits twice as long, from a second to a minute. Ten seconds of
    work, or an orderly end, and the count begins anew. Clients wait too: their connections lie in
    the kernel, at the socket units.

    ## What to do

    Do what the reason asks for, then `systemctl restart` the agent: that does not wait. Without a
    reason the process was killed: `systemctl status` says by which signal, `journalctl -k` whether
    it was for its memory.
    """

    text = "waits {seconds:.0f} s before it starts, after {starts} starts that failed: {reason}"
    starts: int
    seconds: float
    reason: str


class SocketUnused(Message, code="RT119", level="warning"):
    """A unit passes a socket that no part of the agent listens at.

    Clients that connect there are not refused: they wait for nobody. It is the socket unit of an
    older bundle, whose port the agent no longer has.

    ## What to do

    `systemctl disable --now` the unit that the message names.
    """

    text = (
        "nobody listens at the socket `{socket}`, so who connects there waits for ever: "
        "`systemctl disable --now flumec-{agent}-{socket}.socket`"
    )
    socket: str
    agent: str


class FolderHidden(Message, code="RT121", level="warning"):
    """A folder that a source reads was not there when the agent was started by its unit.

    The unit shows the agent the folders that its sources read, as they are at the start. One that
    is made later is seen by a new start only. So the agent ends in order after a while, and is
    started again, until the folder is there; nothing is lost by that.

    ## What to do

    Nothing, if the folder is yet to be made; `systemctl restart` the agent to have it seen at once.
    Else make it, or correct the source's `files`.
    """

    text = (
        "{folders}: not there when this agent was started, so its unit hides what is made there "
        "later; it starts anew in {seconds:.0f} s"
    )
    folders: str
    seconds: float


class FolderReplaced(Message, code="RT122", level="warning"):
    """A folder that a source reads was moved away or removed while the agent ran.

    The agent goes on seeing the old one, as the unit bound it. In some seconds, in which it reads
    what is left there, it ends in order and is started again, and sees the new one.

    ## What to do

    Nothing. Rotate files, not folders: what is written into the old folder after that is not read.
    """

    text = "{folders}: was moved away or removed; the agent starts anew to see what is there now"
    folders: str
