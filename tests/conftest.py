"""What all tests share: `pytest --update` accepts what is generated as what is expected."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --update."""
    parser.addoption(
        "--update",
        action="store_true",
        help="write what is generated over what is expected; then read `git diff`",
    )
