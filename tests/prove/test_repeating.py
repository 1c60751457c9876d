"""A life that is lived again is the same life, to its last step and name."""

import pytest
from prove.claiming import claimed
from prove.repeating import course, differing, scripts
from prove.widening import WIDENED, make


def test_the_same_seed_is_the_same_course() -> None:
    shape = make(18)
    made = claimed(shape)
    script = next(scripts(shape, made, 18))

    assert course(shape, made, script, 18) == course(shape, made, script, 18)
    assert course(shape, made, script, 18) != course(shape, made, script, 19)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_it_is_the_same_in_another_process() -> None:
    assert not differing([*range(45, 51), *range(WIDENED, WIDENED + 6)])
