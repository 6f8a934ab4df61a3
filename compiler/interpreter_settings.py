"""Room for a compilation in Python's own settings, which are those of the process: its stack, and its collector."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from .limits import Limits

#: Python frames that one level of nesting may take, with room to spare.
_FRAMES_PER_LEVEL = 40
#: The greatest limit of recursion that Python takes.
_MOST_FRAMES = 2**31 - 1


@contextmanager
def room(limits: Limits | None = None) -> Iterator[None]:
    """Room for the deepest nesting that the limits admit; it is Python's own stack that grows, not the machine's.

    Nothing is garbage before the end, and looking for some takes a third of the time. So what makes graphs and nests
    nothing wants such room, too.
    """
    _rooms.enter(0 if limits is None else min(1000 + limits.nesting * _FRAMES_PER_LEVEL, _MOST_FRAMES))
    try:
        yield
    finally:
        _rooms.leave()


class _Rooms:
    """The compilations of all threads that are going on: the settings of the process are restored after the last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._count = 0
        self._frames = 0
        self._collecting = False

    def enter(self, frames: int) -> None:
        """Make room for one more."""
        with self._lock:
            if not self._count:
                self._frames, self._collecting = sys.getrecursionlimit(), gc.isenabled()
                gc.disable()
            self._count += 1
            sys.setrecursionlimit(max(sys.getrecursionlimit(), frames))

    def leave(self) -> None:
        """One is done."""
        with self._lock:
            self._count -= 1
            if self._count:
                return
            sys.setrecursionlimit(self._frames)
            if self._collecting:
                gc.enable()


_rooms = _Rooms()
