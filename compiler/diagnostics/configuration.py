"""What can be wrong with `dotnn.toml`, `[tool.dotnn]` and baselines (E961-E968)."""

from __future__ import annotations

from typing import ClassVar, Final

from ..records import record
from .base import Diagnostic
from .phrases import Phrase, Phrases
from .suggest import did_you_mean, listed


class TomlFault(Phrases):
    """Why a text is no configuration."""

    CANNOT_BE_READ = "{reason}"
    IS_FOLDER = ("it is a folder (directory), and no regular file", "name the file with the settings in it")
    TOO_LONG = "it has more than {most:,} bytes"
    NO_TEXT = "it is no UTF-8 text"
    NO_TOML = "it is no TOML: {reason}"
    NUMBER_TOO_LONG = "it is no TOML that can be read: a number in it is too long"
    NESTED_TOO_DEEPLY = "it is nested too deeply"
    NO_TABLE_OF_OURS = ("it has no table `[tool.dotnn]`", "write `[tool.dotnn]` above the settings in it")


class PathFault(Phrases):
    """Why a text is no pattern of paths."""

    IS_EMPTY = "it is empty"
    TOO_LONG = "it has more than {most:,} characters"
    SET_NOT_CLOSED = "a `[` is not closed; one that is meant is `\\[`"
    UNKNOWN_CLASS = "there is no class `[:{name}:]`; there are {known}"
    ENDS_WITH_BACKSLASH = "its last sign is a `\\`, which has nothing behind it to stand for"
    RANGE_IS_EMPTY = "the range `{low}-{high}` is empty"
    LEADS_OUT = "paths are relative to the folder of this file, and lead neither to the root nor upwards"
    TAKES_NOTHING_BACK = "a `!` takes back what `exclude` has excluded, and means nothing here"


class Takes(Phrases):
    """What settings take, and how that is written."""

    TABLE = ("a table", "write `[tool.dotnn]` and the settings below it")
    CODES = ("a list of codes of rules", 'write `{key} = ["L103", "L2"]`')
    FLAG = ("true or false", "write `{key} = true` or leave it out")
    PATTERNS = ("a list of patterns of paths", 'write `{key} = ["generated/", "*.draft.nn"]`')
    CODES_BY_PATTERN = (
        "a table from patterns of paths to lists of codes",
        'write `per-file-ignores = {{ "lessons/" = ["L103"] }}`',
    )
    BUDGETS = ("a table from patterns of paths to budgets", 'write `budgets = {{ "nets/" = {{ params = "5M" }} }}`')
    BUDGET = ("a table from metrics to numbers", 'write `{{ params = "5M", weights_bytes = "20 MB" }}`')
    FILE = ("the path of a file", 'write `{key} = "dotnn-baseline.json"`')


class AmountFault(Phrases):
    """Why a value is no number of a budget."""

    IS_NO_NUMBER = "it is {found}"
    IS_NOT_WRITTEN_SO = "`{text}` is none"
    IS_NEGATIVE = "it is negative"
    IS_NOT_WHOLE = "it is not whole"
    IS_TOO_LARGE = "it is larger than any network"
    COUNTS_NO_BYTES = "`{metric}` counts no bytes"


class BaselineFault(Phrases):
    """Why a file is no baseline."""

    CANNOT_BE_READ = "{reason}"
    IS_FOLDER = ("it is a folder (directory), and no regular file", "name a file, such as `dotnn-baseline.json`")
    IS_MISSING = ("it is not there", "write it with `dotnn check … --write-baseline {path}`")
    TOO_LONG = "it has more than {most:,} bytes"
    NO_TEXT = "it is no UTF-8 text"
    NO_JSON = "it is no JSON (line {line}, column {column}: {reason})"
    NESTED_TOO_DEEPLY = "it is nested too deeply"
    NUMBER_TOO_LONG = "a number in it is too long"
    NO_BASELINE = "it has no `dotnn_baseline` with a list of `findings`"
    OTHER_VERSION = "it is of version {found}, and this dotnn reads version {known}"
    BAD_FINDING = "its finding {number} has no `file`, `code`, `line`, `message` and `count`"


#: What the values of TOML are called.
_TOML_KINDS: Final = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list"}


#: What is said of a text where a path is wanted, and none can be.
NO_PATH: Final = "no path"


def toml_kind(value: object) -> str:
    """What a value of TOML is called."""
    return "a table" if isinstance(value, dict) else _TOML_KINDS.get(type(value), "a date or time")


@record
class BadConfiguration(Diagnostic):
    """A file with the settings of the linter cannot be read, or is no TOML.

    Settings stand in `dotnn.toml`, or in the table `[tool.dotnn]` of `pyproject.toml`. The nearest of these files
    counts, from the folder of the checked file upwards to the root of the repository:

        # dotnn.toml
        ignore = ["L103"]
        exclude = ["generated/"]

        [budgets]
        "nets/" = { params = "5M" }

    `--isolated` checks without any, and `--config FILE` with another one.
    """

    code: ClassVar[str] = "E961"
    message: ClassVar[str] = "cannot read the settings of `{path}`: {fault}"
    label: ClassVar[str] = "here"
    remedy: ClassVar[str] = "mend it, or check without it by `--isolated`"

    path: str
    fault: Phrase
    hint: str = ""

    def advice(self) -> str:
        """What the operating system or the fault advises; else as for all."""
        return self.hint or self.fault.advice() or super().advice()


@record
class UnknownSetting(Diagnostic):
    """The settings have a key that means nothing.

        selekt = ["L201"]            # wrong
        select = ["L201"]

    There are `select`, `ignore`, `strict`, `exclude`, `per-file-ignores`, `budgets` and `baseline`. A budget has the
    metrics that `expect` has for a whole model: `params`, `macs`, `weights_bytes`, `peak_activation_bytes` and
    `longest_path`.
    """

    code: ClassVar[str] = "E962"
    message: ClassVar[str] = "there is no setting `{key}`"
    label: ClassVar[str] = "not known"

    key: str
    known: tuple[str, ...]
    near: tuple[str, ...] = ()

    def advice(self) -> str:
        """The nearest ones, or all."""
        return did_you_mean(self.near) or f"there are {listed(self.known)}"


@record
class UnknownBudget(UnknownSetting):
    """A budget for something that is not measured."""

    message: ClassVar[str] = "there is no metric `{key}` that a budget could be for"


@record
class SettingsBelowTable(UnknownSetting):
    """`dotnn.toml` has the heading that `pyproject.toml` needs."""

    message: ClassVar[str] = "in `dotnn.toml` settings stand at the top, without `[tool.dotnn]`"
    label: ClassVar[str] = "this makes them settings of `tool`"

    def advice(self) -> str:
        """Without the heading."""
        return "take `tool.dotnn` out of the headings"


@record
class WrongSetting(Diagnostic):
    """A setting has a value of another kind than it takes.

        ignore = "L103"              # wrong: a text
        ignore = ["L103"]

    The message says what the setting takes, and the remedy how that is written.
    """

    code: ClassVar[str] = "E963"
    message: ClassVar[str] = "`{key}` takes {wanted}, and this is {found}"
    label: ClassVar[str] = "{found}"

    key: str
    wanted: Phrase
    found: str

    def advice(self) -> str:
        """How it is written."""
        return self.wanted.advice()


@record
class UnknownRule(Diagnostic):
    """Settings or a call name a rule that there is not.

        ignore = ["L1O3"]            # wrong: the letter O
        ignore = ["L103"]

    A code may be the beginning of some: `L2` is all rules about geometry. Warnings (`W…`) can be ignored like rules.
    Errors (`E…`) cannot: with one, there is no model.
    """

    code: ClassVar[str] = "E964"
    message: ClassVar[str] = "there is no rule `{rule}`"
    label: ClassVar[str] = "no rule begins so"

    rule: str
    near: tuple[str, ...] = ()

    def advice(self) -> str:
        """The nearest ones, or where all are."""
        return did_you_mean(self.near) or "`dotnn explain L` lists the rules"


@record
class ErrorIgnored(UnknownRule):
    """The code is that of an error."""

    message: ClassVar[str] = "`{rule}` is the code of errors, which cannot be chosen: with one, there is no model"
    label: ClassVar[str] = "an error"

    def advice(self) -> str:
        """What can be chosen."""
        return "name rules (`L…`) or warnings (`W…`), or exclude the file by `exclude`"


@record
class RetiredWarning(UnknownRule):
    """The code is that of a warning that is a rule now."""

    message: ClassVar[str] = "the warning `{rule}` is the rule `{now}` now"
    label: ClassVar[str] = "no longer in use"

    now: str

    def advice(self) -> str:
        """The rule."""
        return f"write `{self.now}`"


@record
class RetiredWarnings(UnknownRule):
    """The beginning of codes of warnings all of which are rules now."""

    message: ClassVar[str] = "the warnings `{rule}…` are the rules {now} now"
    label: ClassVar[str] = "no longer in use"

    rules: tuple[str, ...]

    @property
    def now(self) -> str:
        """The rules."""
        return listed(self.rules)

    def advice(self) -> str:
        """The rules."""
        return f"write {self.now}"


@record
class WarningSelected(UnknownRule):
    """The code is that of a warning that is no rule."""

    message: ClassVar[str] = "`{rule}` is the code of warnings, which are given anyway"
    label: ClassVar[str] = "a warning"

    def advice(self) -> str:
        """Leave it out."""
        return "leave it out, or ignore it by `ignore`"


@record
class BadPathPattern(Diagnostic):
    """A pattern of paths in the settings can match nothing.

        exclude = ["net[0-9.nn"]     # wrong: the bracket is not closed
        exclude = ["net[0-9].nn"]

    Patterns are those of `.gitignore`, relative to the folder of the file that they stand in: `*.nn` is a name in any
    folder, `/net.nn` one in this folder, `nets/` a folder with everything in it, `nets/**/tiny.nn` a name anywhere
    below `nets`. `*` and `?` stand for signs other than `/`, `[0-9]` for one of several.
    """

    code: ClassVar[str] = "E965"
    message: ClassVar[str] = "`{pattern}` is no pattern of paths: {fault}"
    label: ClassVar[str] = "here"
    remedy: ClassVar[str] = 'patterns are those of `.gitignore`, such as `"nets/"` or `"nets/**/tiny*.nn"`'

    pattern: str
    fault: Phrase


@record
class BadAmount(Diagnostic):
    """A budget is no number that the metric could be held against.

        budgets = { "nets/" = { params = "5 million" } }     # wrong
        budgets = { "nets/" = { params = "5M" } }

    Numbers are whole: `5_000_000`, `5e6`, or a text such as `"5M"` and `"1.5G"`, as the language writes them. What
    counts bytes takes units as well: `"20 MB"`, `"512 KiB"`.
    """

    code: ClassVar[str] = "E966"
    message: ClassVar[str] = "the budget of `{metric}` takes a number: {fault}"
    label: ClassVar[str] = "no number"

    metric: str
    fault: Phrase
    in_bytes: bool

    def advice(self) -> str:
        """How numbers are written."""
        return 'write `20_000_000` or `"20 MB"`' if self.in_bytes else 'write `5_000_000` or `"5M"`'


@record
class BadBaseline(Diagnostic):
    """A file is named as a baseline, and is none.

    A baseline has the findings that were there when it was written; `dotnn check --baseline FILE` shows others only.
    It is JSON, written by `dotnn check --write-baseline FILE`, and not meant to be written by hand.
    """

    code: ClassVar[str] = "E967"
    message: ClassVar[str] = "cannot read the baseline `{path}`: {fault}"
    label: ClassVar[str] = "named here"
    remedy: ClassVar[str] = "restore it, or delete it and write it with `--write-baseline {path}`"

    path: str
    fault: Phrase
    hint: str = ""

    def advice(self) -> str:
        """What the operating system or the fault advises; else as for all."""
        return self.hint or self.fault.advice() or super().advice()
