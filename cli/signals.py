"""Signals that ask a command to end: each is an interrupt like Ctrl-C, so what was begun is undone on the way out."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from types import FrameType, TracebackType
from typing import final

#: What is said of a command that each of them has ended. Not every system has all of them.
_SAID = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up"}
#: Seconds in which several signals are one request: closing a terminal and `timeout` send more than one, and the second
#: one must not interrupt what the first one has set going, the removal of files.
_ONE_REQUEST = 1.0


@final
class AskedToEnd(KeyboardInterrupt):
    """A signal has asked the command to end.

    Attributes:
        said: what has become of the command, in words.
        exit_code: what shells say of a program that this signal has ended.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.said = _SAID[signal.Signals(number).name]
        self.exit_code = 128 + number


@final
class Heeded:
    """While this is entered, such signals raise `AskedToEnd`; one that the caller ignores, as `nohup` does, is ignored.

    After an interrupt they are ignored, since the end is near; after any other end there is nothing to undo, and the
    next one ends the process at once.
    """

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._last = float("-inf")

    def __enter__(self) -> Heeded:
        for name in _SAID:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                # Only the main thread is told of signals.
                with suppress(ValueError):
                    signal.signal(number, self._raise)
                    self._numbers.append(number)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        interrupted = isinstance(error, KeyboardInterrupt)
        for number in self._numbers:
            signal.signal(number, signal.SIG_IGN if interrupted else signal.SIG_DFL)

    def _raise(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._last > _ONE_REQUEST:
            self._last = now
            raise AskedToEnd(number)
