"""Calls inside of calls that need more of Python's stack than one thread has.

How many calls a thread may have inside of each other is a setting of the whole process, which a library leaves alone:
whoever calls it may have set it, and other threads live by it. But each thread has its own count. So what nests deeply
goes on in a new thread every so many levels, while the one that came so far waits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")


def on_new_stack(function: Callable[..., _Result], *arguments: object) -> _Result:
    """Call a function in a thread of its own, and wait for it; what it raises is raised here.

    It takes some 100 microseconds.
    """
    # Few texts nest so deeply, and a check is done before these are imported.
    from concurrent.futures import ThreadPoolExecutor
    from contextvars import copy_context

    with ThreadPoolExecutor(1) as executor:
        return executor.submit(copy_context().run, function, *arguments).result()
