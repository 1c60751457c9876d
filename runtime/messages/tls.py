"""RT3xx, the second half: what ends that speak TLS say of certificates."""

from flumec.runtime.messages.message import Message


class CertificateDue(Message, code="RT351", level="warning"):
    """A certificate of this host ends soon. It is said when an agent starts, and once a day.

    When it has ended, no new connection comes about; those that are there go on.

    ## What to do

    Renew it, `flumec certs renew` where `flumec certs` made it, bring the new file to the host and
    restart the agent: connections wait in its socket meanwhile. The metric
    `certificate_expires_seconds` is the time at which it ends, so that an alert can be earlier.
    """

    text = "{file}: {certificate}: it is due, renew it"
    file: object
    certificate: object


class CertificateOver(Message, code="RT352", level="error"):
    """A certificate of this host has ended, or has not begun, by this host's clock.

    Other ends refuse it: no new connection comes about. Nothing is lost, channels hold what comes.

    ## What to do

    Compare the two times with the clock of this host. If the clock is wrong, set it right; else
    renew the certificate, as at RT351.
    """

    text = "{file}: {certificate}, and here it is {now}: nobody accepts it"
    file: object
    certificate: object
    now: str


class CertificatesNotTaken(Message, code="RT353", level="warning"):
    """New certificates are there and cannot be used, so the former ones are used on.

    Mostly one file of the three has been replaced and another not yet: it is looked at again.

    ## What to do

    If it stays, put that right which the reason names; the certificate and its key belong together.
    """

    text = "new certificates are not taken: {reason}"
    reason: str


class NotProven(Message, code="RT354", level="warning"):
    """A connection came to a port that speaks TLS, and nothing came of it.

    No event was taken from it. The reason says what was wrong with the other end's certificate, or
    that it does not speak TLS.

    ## What to do

    If the address is one of your hosts, compare its authority (`ca`), its certificate's end and its
    clock with this host's; its own log says the same from its side. If it is none, it is a scan.
    """

    text = "{peer}: not let in: {reason}"
    peer: object
    reason: str
