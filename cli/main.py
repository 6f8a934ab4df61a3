"""Where the command begins and ends, and the one place where signals become exit codes."""

from __future__ import annotations

import gc
import sys

#: What shells say of a program that Ctrl-C has ended.
_INTERRUPTED = 130
#: New objects after which Python looks for cycles among them. Its own 700 takes a tenth of a short command's time.
_FEW = 100_000


def main() -> None:
    """Run the command line and exit.

    The exit code is 0 for success, 1 for errors of the model, 2 for a wrong call, and for signals what shells say of
    programs that they have ended: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
    """
    gc.set_threshold(_FEW)
    try:
        # What the command needs is imported here, so that an interrupt while that goes on is one like any other.
        from .signals import Heeded

        with Heeded():
            from .streams import open_closed_streams

            open_closed_streams()
            from .app import app

            app.main()
    except KeyboardInterrupt as interrupt:
        sys.exit(_interrupted(interrupt))
    finally:
        # The system takes everything back. Python would look through all of it for cycles, a sixth of a short command.
        gc.freeze()


def _interrupted(interrupt: KeyboardInterrupt) -> int:
    """Say so, whatever was being done, be it the import of what prints; a second signal changes nothing."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from .streams import write_last

    # A plain one came before anything was there that heeds signals.
    write_last(getattr(interrupt, "said", "interrupted"), sys.stderr)
    return getattr(interrupt, "exit_code", _INTERRUPTED)
