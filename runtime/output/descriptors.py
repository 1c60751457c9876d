"""How many files a sink may keep open, so that it leaves enough to the rest of its agent."""

import resource

SHARE = 4
"""A sink takes one in so many of the files that its process may have open."""


def most_open(wanted: int) -> int:
    """Return how many files may be open, at most `wanted`.

    A process begins with a soft limit, often 1,024, that it may raise up to a hard one by itself.
    Without a bound the sink would take the last descriptor, and the journal could not go on.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted * SHARE
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft // SHARE))
