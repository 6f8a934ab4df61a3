"""Where the command begins and ends, and the one place where signals become exit codes."""

from __future__ import annotations

import sys

#: What shells say of a program that Ctrl-C has ended.
_INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit: 0 for success, 1 for errors of the model, 2 for a wrong call, 130 for Ctrl-C."""
    try:
        # What the command needs is imported here, so that an interrupt while that goes on is one like any other.
        from .streams import open_closed_streams

        open_closed_streams()
        from .app import app

        app.main()
    except KeyboardInterrupt:
        sys.exit(_interrupted())


def _interrupted() -> int:
    """Say so, whatever was being done, be it the import of what prints; a second Ctrl-C changes nothing."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from .streams import write

    write("interrupted", sys.stderr)
    return _INTERRUPTED
