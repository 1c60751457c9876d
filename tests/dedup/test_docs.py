"""What docs/dedup.md shows compiles, and what it says of figures is so."""

import re
from pathlib import Path

from flumec.compiler.build import lint_text
from flumec.runtime.dedup.ageing import MARGIN_NS, SLOTS
from flumec.runtime.dedup.filter import BYTES_PER_KEY
from flumec.runtime.dedup.run import BLOCK, KEY
from flumec.runtime.dedup.seen import MOST_STAGED

PAGE = (Path(__file__).parents[2] / "docs" / "dedup.md").read_text()


def test_its_flow_is_clean() -> None:
    (flow,) = re.findall(r"^```flow\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

    assert lint_text(flow).diagnostics == ()


def test_its_figures_follow_from_the_format() -> None:
    for_a_key = KEY + BYTES_PER_KEY + 12 / BLOCK
    assert f"{for_a_key * (1 + 1 / SLOTS):.1f} MB of disk" in PAGE
    assert f"{(BYTES_PER_KEY + 12 / BLOCK) * (1 + 1 / SLOTS):.1f} MB of memory" in PAGE
    assert f"{10_000_000**2 / 2**129:.1e}" in PAGE
    assert "a twelfth" in PAGE
    assert SLOTS == 12
    assert MARGIN_NS == 5 * 60 * 10**9
    assert MOST_STAGED == 4_000_000
