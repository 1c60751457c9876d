"""Where in an HDFS a sink writes, and as whom: all that a store must be told."""

from dataclasses import field

from flumec.runtime.frozen import frozen


@frozen
class HdfsLocation:
    """A directory of an HDFS that speaks WebHDFS.

    `namenodes` are the URLs of its NameNodes, `http://nn-1.example.com:9870`: all that one file
    system has, in any order; whichever is active is found.

    `prefix` stands before the directory in the names of hidden files, `hdfs://nn.example.com`: a
    sink that is moved from one file system to another must not look for its files in the wrong one.
    """

    namenodes: tuple[str, ...]
    directory: str
    user: str | None = None
    token: str | None = field(default=None, repr=False)
    prefix: str = ""
    ca: str | None = None
    """A file with the certificates that `https` is checked with; None for the usual ones."""

    connect: float = 10.0
    read: float = 60.0
    """Seconds to wait for a connection, and for an answer; after an upload, three times that."""
