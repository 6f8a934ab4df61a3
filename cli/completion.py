"""Completion of commands, options and files by the shell: click's scripts, shown or put where shells look for them."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import ShellComplete, get_completion_class

#: The shells, and where each looks for a script that is put in its file.
_FILES = {
    "bash": ".bash_completions/dotnn.sh",
    "zsh": ".zfunc/_dotnn",
    "fish": ".config/fish/completions/dotnn.fish",
}

#: What a shell must be told once, in a file of its own, so that it reads the script.
_STARTS = {
    "bash": (".bashrc", "source ~/.bash_completions/dotnn.sh"),
    "zsh": (".zshrc", "fpath+=~/.zfunc; autoload -Uz compinit; compinit"),
}


def own_shell() -> str:
    """The name of the user's shell; a usage error if none is known."""
    shell = os.environ.get("SHELL", "")
    if not shell:
        raise click.UsageError(f"$SHELL names no shell; name one of {', '.join(_FILES)}")
    return Path(shell).name


class Completion:
    """The completion of a command for one shell.

    Args:
        command: what is completed.
        variable: of the environment, by which the script asks the command.
        shell: its name; a usage error if it is none of those that click knows.
    """

    def __init__(self, command: click.Command, variable: str, shell: str) -> None:
        found = get_completion_class(shell)
        if found is None or shell not in _FILES:
            raise click.UsageError(f"there is completion for {', '.join(_FILES)}, not for {shell!r}")
        self._shell = shell
        self._maker: ShellComplete = found(command, {}, "dotnn", variable)

    def script(self) -> str:
        """The text that teaches the shell."""
        return self._maker.source().strip()

    def install(self) -> str:
        """Put the script where the shell finds it; what was done, as a sentence."""
        try:
            home = Path.home()
            path = home / _FILES[self._shell]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.script() + "\n", encoding="utf-8")
            self._tell(home)
        except (OSError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise click.ClickException(f"completion cannot be installed: {reason.lower()}") from None
        return f"{path}: completion for {self._shell}; it works in the next shell that is opened"

    def _tell(self, home: Path) -> None:
        """Make the shell read the script, unless it does so already."""
        if self._shell not in _STARTS:
            return
        name, line = _STARTS[self._shell]
        start = home / name
        text = start.read_text(encoding="utf-8", errors="surrogateescape") if start.exists() else ""
        if line in text.splitlines():
            return
        gap = "" if not text or text.endswith("\n") else "\n"
        with start.open("a", encoding="utf-8") as file:
            file.write(f"{gap}{line}\n")
