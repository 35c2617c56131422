"""Fixtures for pytest: `regesta`, a client, and `assert_gate`, which fails a test if a gate would not let a version pass.

The server comes from `--regesta-url`, or as `regesta.Client()` finds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Callable

import pytest

from ._client import Client
from ._moves import GateCheck

AssertGate = Callable[..., GateCheck]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("regesta")
    group.addoption("--regesta-url", default=None, help="URL of the Regesta server (default: REGESTA_URL)")
    group.addoption("--regesta-workspace", default=None, help="workspace (default: REGESTA_WORKSPACE)")


@pytest.fixture(scope="session")
def regesta(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client for the whole run."""
    with Client(request.config.getoption("--regesta-url"), None, request.config.getoption("--regesta-workspace"),
                follow=False) as client:
        yield client


@pytest.fixture
def assert_gate(regesta: Client) -> AssertGate:
    """`assert_gate("prompt/greeting@2", to="production")` fails with every reason if the alias would not move.

    With `allow_pending=True`, missing approvals and evidence do not fail it; violations do.
    """

    def check(reference: str, to: str = "production", *, allow_pending: bool = False) -> GateCheck:
        __tracebackhide__ = True
        found = regesta.check(reference, to)
        if not found.passes and not (allow_pending and found.outcome == "pending"):
            pytest.fail(str(found), pytrace=False)
        return found

    return check
