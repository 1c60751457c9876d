"""`journal fast { … }`: where and how an agent keeps what must survive."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

from flumec.runtime.component import Check, Component, Contradiction, Duration, Secret, prop

DEFAULT = "default"
"""The journal of the channels that name none."""


def _is_soon(value: Any) -> bool:
    """Say whether rows become visible soon enough: they do when they are synced."""
    return bool(value == "commit" or Duration("10ms") <= value <= Duration("10s"))


class Journal(Component, type="journal"):
    """A log of the agent's own: its channels share one directory, one writer and its syncs.

    An agent has the journal `default`, which may be declared to change it, and those that it
    declares. A put to channels of one journal is stored in all of them or in none.
    """

    kind: ClassVar = "journal"
    writes: ClassVar = ("directory",)

    directory: Path | None = prop(
        "Where it lies; without it in the agent's state directory.",
        default=None,
        check=Check("an absolute path", lambda path: path.is_absolute()),
    )
    compression: Literal["none", "lz4", "zstd"] = prop(
        "How events are compressed on disk; what a sink reads and a link sends is not.",
        default="none",
    )
    ratio: float = prop(
        "How many bytes of events lie in one byte of it: compression, less what frames and headers "
        "take. A fact that changes nothing here, and that checks count on.",
        default=1,
        check=Check("more than 0, and at most 1000", lambda ratio: 0 < ratio <= 1000),
    )
    encryption: Secret | None = prop(
        "The secret, of 32 characters or more, that events are encrypted with on disk.",
        default=None,
    )
    previous: tuple[Secret, ...] = prop(
        "Secrets that encrypted events which are still to be delivered.", default=()
    )
    sync: Literal["commit"] | Duration = prop(
        "When what is put is synced: before it is acknowledged, or so often. A power cut may then "
        "take what was acknowledged since, a kill nothing.",
        default="commit",
        check=Check("`commit`, or from 10ms to 10s", _is_soon),
    )

    @classmethod
    def contradictions(cls, values: dict[str, Any]) -> Iterator[Contradiction]:
        """Yield a secret that is the newest and an older one."""
        if values["encryption"] is not None and values["encryption"] in values["previous"]:
            yield Contradiction(
                ("previous", "encryption"), "`previous` names the secret of `encryption` itself"
            )
