"""What holds for all tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# Tests that hold dotnn against onnxruntime import it themselves; what dotnn does about it has tests of its own.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# The same cases every time, so that a change is judged by what it changes; `HYPOTHESIS_PROFILE=random` searches anew.
settings.register_profile("steady", derandomize=True)
settings.register_profile("random", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With ``DOTNN_NO_SKIPS`` set, a skipped test is a failure: then everything that a test needs must be installed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("DOTNN_NO_SKIPS") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
