"""What is claimed of random fleets holds in the simulation; `make prove` tries thousands."""

from dataclasses import replace
from pathlib import Path

import pytest
from prove import case, claiming, shrinking, simulated
from prove.campaign import Verdict
from prove.case import examine
from prove.claiming import Claimed, claimed
from prove.generator import make
from prove.judging import Judge
from prove.keeping import keep, kept
from prove.script import parse
from prove.shape import Shape


@pytest.mark.costs(12, "of fewer fleets not every kind of claim is made")
def test_no_claim_is_wrong() -> None:
    verdict = Verdict()
    for seed in range(9):
        verdict.add(examine(seed, tries=0))

    assert not verdict.wrong, [each.wrong and each.wrong.seen for each in verdict.wrong]
    assert min(verdict.claims[each] for each in verdict.shares) > 2


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_claim_that_is_wrong_is_found_made_small_and_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def boasting(shape: Shape) -> Claimed:
        made = claiming.claimed(shape)
        strong = {key: replace(each, worst={}) for key, each in made.claims.items()}
        return Claimed(made.plan, strong)

    monkeypatch.setattr(case, "claimed", boasting)
    monkeypatch.setattr(shrinking, "claimed", boasting)
    found = examine(5)  # what it holds in memory is lost
    assert found.wrong is not None

    shape, wrong = shrinking.smaller(found.shape, found.wrong)

    assert len(shape.text) < len(found.shape.text)
    assert len(wrong.script) < len(found.wrong.script)
    keep(tmp_path / "5", shape, wrong)
    again, read = kept(tmp_path / "5")
    assert again == shape
    failed = shrinking.judged(again, read.script, read.seed)
    assert failed is not None
    assert failed.seen == wrong.seen
    monkeypatch.undo()
    assert shrinking.judged(again, read.script, read.seed) is None


def test_an_end_in_order_is_waited_for_however_long_it_takes() -> None:
    shape = make(442)
    script = parse("0.092 restart edge edge-1 0.2\n0.604 send edge lines0 edge-1 5")
    made = claimed(shape)

    assert not Judge(shape, made.claims).wrong(simulated.play(shape, made.plan, script, 442))
