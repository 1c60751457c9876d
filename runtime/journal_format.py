"""Which formats of journals this runtime reads and writes; apart, so that a manifest can say it."""

FORMAT = 3
"""The newest format that this runtime writes; it reads all whose `readable_from` is not above."""

PLAIN = 1
"""The format of a journal that uses nothing new: written as long as that is enough, so that the
last runtime can still read it after a rollback."""
