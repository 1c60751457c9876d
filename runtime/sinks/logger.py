"""The `logger` sink: events are shown in the agent's log."""

import json
import re
from typing import TYPE_CHECKING

from flumec.runtime.component import Sink, Size, between, prop

if TYPE_CHECKING:
    from flumec.runtime.context import SinkContext
    from flumec.runtime.journal.records import Chunk

_RISKY = re.compile("[\x7f-\x9f\u2028\u2029]")
"""What JSON may hold as it is beyond printable characters: controls, and ends of lines."""

_LONGEST_READ = 1.0
_SMALL_READ = 64 << 10
"""Bytes that are read at once: what is read and not logged when the agent ends is logged again."""


class Logger(Sink, type="logger"):
    """Show each event in the agent's log: its headers, and the first bytes of its body.

    For finding out what flows. An agent that is killed between a line and its commit logs it again.
    """

    max_bytes: Size = prop(
        "How much of each body, and of its headers, is shown.",
        default=Size("256B"),
        check=between(Size("0B"), Size("64KiB")),
    )

    def run(self, context: "SinkContext") -> None:
        """Log what the channel has until the agent stops."""
        from flumec.runtime.journal.records import Cursor

        consumer = context.consumer
        stored = consumer.advance(consumer.cursor)
        while not context.stopping:
            chunks = consumer.read(_LONGEST_READ, _SMALL_READ)
            context.idle(not chunks)
            for chunk in chunks:
                self._show(chunk, context)
                stored = consumer.advance(Cursor(chunk.end, delivered=chunk.rows))
        stored.result()

    def _show(self, chunk: "Chunk", context: "SinkContext") -> None:
        from flumec.runtime.batch import BODY, PREFIX, REST, decode

        batch = decode(chunk.body).slice(chunk.skip, chunk.rows)
        for row, event in enumerate(batch.to_pylist(), chunk.first):
            context.alive()
            body = event.pop(BODY)
            headers = dict(event.pop(REST, None) or ())
            columns = {name.removeprefix(PREFIX): text for name, text in event.items()}
            headers |= {name: text for name, text in columns.items() if text is not None}
            line = f"event {row}: {self._headers(headers)} {self._body(body)}"
            context.log.info(line)  # without arguments, or they count as repeats and are left out

    def _headers(self, headers: dict[str, str]) -> str:
        text = _quoted(headers)
        return text if len(text) <= self.max_bytes else text[: self.max_bytes] + "…"

    def _body(self, body: bytes) -> str:
        """Return the body's beginning, quoted, so that it stays on its line and is unambiguous."""
        shown = _quoted(body[: self.max_bytes].decode(errors="backslashreplace"))
        return shown if len(body) <= self.max_bytes else f"{shown}… ({len(body)} bytes)"


def _quoted(value: object) -> str:
    """Return JSON, in which nothing can break the line or speak to a terminal."""
    text = json.dumps(value, ensure_ascii=False)
    return _RISKY.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
