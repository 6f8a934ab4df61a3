"""Functions of tests, and programs, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping


def run_apart(
    function: Callable[..., object], *arguments: object, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Call a function of a module with arguments that their `repr` tells, in a process of its own."""
    program = f"""
import sys
sys.path[:0] = {sys.path!r}
from {function.__module__} import {function.__name__}
{function.__name__}(*{arguments!r})
"""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def run_python(code: str, environment: Mapping[str, str] | None = None) -> str:
    """What a program prints whose warnings are errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
