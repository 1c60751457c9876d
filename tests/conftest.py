"""What all tests share: `pytest --update` accepts what is generated as what is expected."""

import sys
from collections.abc import Iterator

import hypothesis
import pytest

# A busy machine is no failure.
hypothesis.settings.register_profile("flumec", deadline=None)
hypothesis.settings.load_profile("flumec")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --update."""
    parser.addoption(
        "--update",
        action="store_true",
        help="write what is generated over what is expected; then read `git diff`",
    )


@pytest.fixture(autouse=True)
def _no_journal_outlives_its_test() -> Iterator[None]:
    """End the journals that were left as a kill leaves them.

    On a clock that stands still their threads look at it all the time; hundreds of them made later
    tests ten times as slow.
    """
    yield
    if "flumec.runtime.journal.writer" in sys.modules:
        import writers

        writers.end_all()
