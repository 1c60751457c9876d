"""How many bytes each set of channels has in each segment, as a snapshot keeps it."""

from flumec.runtime.journal.codec import Decoder, Encoder
from flumec.runtime.journal.state import State


def sets_bytes(state: State) -> bytes:
    """Return what a snapshot has of the segments' sets; nothing where there are none."""
    section = Encoder()
    for segment in state.segments.values():
        if segment.sets:
            section.u64(segment.number)
            section.u32(len(segment.sets))
        for numbers, size in segment.sets.items():
            section.u32(len(numbers))
            for number in numbers:
                section.u16(number)
            section.u64(size)
    return bytes(section.data)


def take_sets(data: Decoder, state: State) -> None:
    """Read what `sets_bytes` made."""
    while data.left:
        segment = state.segments[data.u64()]
        for _ in range(data.u32()):
            numbers = tuple(data.u16() for _ in range(data.u32()))
            segment.sets[numbers] = data.u64()
