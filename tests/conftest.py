"""What all tests share: `pytest --update` accepts what is generated as what is expected."""

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
