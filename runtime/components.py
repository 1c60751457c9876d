"""The one list of all components, in the order of the reference."""

from flumec.runtime.channels import File, Memory, Spill
from flumec.runtime.component import Component, Interceptor
from flumec.runtime.interceptors import (
    Fingerprint,
    Host,
    RegexExtract,
    RegexFilter,
    Static,
    Timestamp,
)
from flumec.runtime.sinks import FileRoll, Hdfs, Logger, Null
from flumec.runtime.sources import Http, LinkSource, Seq, Taildir

ALL: tuple[type[Component], ...] = (
    Taildir,
    Http,
    LinkSource,
    Seq,
    File,
    Memory,
    Spill,
    FileRoll,
    Hdfs,
    Logger,
    Null,
)
INTERCEPTORS: tuple[type[Interceptor], ...] = (
    Timestamp,
    Host,
    Static,
    RegexFilter,
    RegexExtract,
    Fingerprint,
)
