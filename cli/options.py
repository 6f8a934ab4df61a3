"""Options that several commands share, and what they mean."""

from __future__ import annotations

import dataclasses
import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from ..compiler.diagnostics import Diagnostic, DotnnError, Report
from ..compiler.graph.types import FloatType
from ..compiler.limits import Limits
from ..compiler.passes.targets import DEFAULT_TARGET, Target
from ..compiler.regular_files import instead, read_regular, why_not
from ..compiler.weights.formats import ENDINGS
from ..compiler.weights.matching import Match, Matching
from .base import Argument
from .terminal import print_diagnostics

if TYPE_CHECKING:
    from ..compiler.compiled import Compiled
    from ..compiler.request import Request

_MOST_LABEL_BYTES = 10_000_000
#: A path that is looked at by whoever opens it; completed by shells.
FILE = click.Path(readable=False, path_type=Path)


class Count(click.IntRange):
    """A whole number from a least one on."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; a usage error with what is taken."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            name = param.opts[0] if param is not None else "it"
            raise wrong_call(f"{name} takes a whole number from {self.min} on, not {value!r}") from None


source = click.argument(
    "source",
    cls=Argument,
    metavar="FILE",
    type=click.Path(readable=False),
    about="A .nn file; `-` reads standard input.",
)
target = click.option(
    "--target",
    type=click.Choice(get_args(Target)),
    default=DEFAULT_TARGET,
    show_default=True,
    help="onnx: standard operators only. onnxruntime: fused for its CPU and CUDA providers. "
    "onnxruntime-cpu: more fusions, CPU only.",
)
no_optimize = click.option("--no-optimize", is_flag=True, help="Leave the graph as it was written.")
seed = click.option(
    "--seed",
    metavar="N",
    type=Count(min=0),
    default=0,
    show_default=True,
    help="The seed of the initial weights.",
)
dtype = click.option(
    "--dtype",
    type=click.Choice(get_args(FloatType)),
    help="Build in this element type what the text has in float32.",
)
keep_io = click.option("--keep-io", is_flag=True, help="With --dtype: leave inputs and outputs as written.")
_LOADED = click.option("--weights", metavar="FILE", type=FILE, help=f"Load weights ({ENDINGS}), by name and strictly.")
_MATCHING = (
    click.option("--strip-prefix", metavar="P", help="Take this off their names, as in `--strip-prefix module.`."),
    click.option("--rename", metavar="FILE", type=FILE, help="Rules for their names: a .toml file of patterns."),
    click.option(
        "--match",
        type=click.Choice(["name", "order"]),
        default="name",
        show_default=True,
        help="Pair weights by name, or by their order where names say nothing.",
    ),
    click.option("--allow-missing", is_flag=True, help="Initialize weights that the file lacks, and say which."),
    click.option("--allow-nonfinite", is_flag=True, help="Take NaN and infinite numbers."),
)
labels = click.option("--labels", metavar="FILE", type=FILE, help="Names of the classes, one on a line.")

_Function = TypeVar("_Function", bound=Callable[..., None])

_COMPILATION = (
    click.option("--model", metavar="NAME", help="Which model, where the file has several."),
    click.option(
        "--set",
        "settings",
        metavar="NAME=VALUE",
        multiple=True,
        help="Set an argument of the model, as in `--set classes=5`.",
    ),
    click.option(
        "--limit", "limits", metavar="NAME=N", multiple=True, help="Raise a limit, as in `--limit nodes=100000`."
    ),
    click.option(
        "--root",
        metavar="DIR",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="The folder that imports may not leave; by default the project's.",
    ),
)


def compilation(function: _Function) -> _Function:
    """Give a command what every compilation takes: ``model``, ``settings``, ``limits`` and ``root``."""
    for option in reversed(_COMPILATION):
        function = option(function)
    return function


@dataclasses.dataclass(frozen=True, slots=True)
class Loading:
    """What ``--weights`` and the options beside it say.

    Attributes:
        path: the file; None without the option.
        matching: how it is matched to the model.
        given: the options that were written.
    """

    path: Path | None
    matching: Matching
    given: tuple[str, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read."""
        rules = self.matching.rename
        return tuple(path for path in (self.path, rules) if isinstance(path, Path))


def matching(function: _Function) -> _Function:
    """Give a command the options that say how a file is matched: ``matching``, and as ``given`` those written."""

    @functools.wraps(function)
    def with_matching(
        *arguments: Any,
        strip_prefix: str | None,
        rename: Path | None,
        match: Match,
        allow_missing: bool,
        allow_nonfinite: bool,
        **others: Any,
    ) -> None:
        written = {
            "--strip-prefix": strip_prefix,
            "--rename": rename,
            "--match": match != "name",
            "--allow-missing": allow_missing,
            "--allow-nonfinite": allow_nonfinite,
        }
        found = Matching(
            strip_prefix=strip_prefix or "",
            rename=rename,
            match=match,
            allow_missing=allow_missing,
            allow_nonfinite=allow_nonfinite,
        )
        given = tuple(name for name, value in written.items() if value)
        function(*arguments, matching=found, given=given, **others)

    found: Any = with_matching
    for option in reversed(_MATCHING):
        found = option(found)
    return found


def weights(function: _Function) -> _Function:
    """Give a command ``--weights`` and the options that say how the file is matched, as ``loading``."""

    @functools.wraps(function)
    def with_loading(
        *arguments: Any, weights: Path | None, matching: Matching, given: tuple[str, ...], **others: Any
    ) -> None:
        if given and weights is None:
            raise wrong_call(f"{', '.join(given)}: this says how a file of weights is matched; give it by --weights")
        names = (*(("--weights",) if weights is not None else ()), *given)
        function(*arguments, loading=Loading(weights, matching, names), **others)

    found: Any = _LOADED(matching(with_loading))
    return found


def wrong_call(message: str) -> click.UsageError:
    """A usage error, which ends with exit code 2."""
    return click.UsageError(message)


def split_pair(text: str, option: str) -> tuple[str, str]:
    """``name=value`` as a pair; a usage error otherwise."""
    name, separator, value = text.partition("=")
    if not separator or not name or not value:
        raise wrong_call(f"{option} takes NAME=VALUE, not {text!r}")
    return name.strip(), value.strip()


def read_limits(texts: Sequence[str] | None) -> Limits:
    """The limits with those of ``--limit`` changed."""
    known = {one.name for one in dataclasses.fields(Limits)}
    changes: dict[str, int] = {}
    for text in texts or ():
        name, value = split_pair(text, "--limit")
        name = name.replace("-", "_")
        if name not in known:
            raise wrong_call(f"--limit knows no {name!r}; there are {', '.join(sorted(known))}")
        if not value.replace("_", "").isdecimal() or len(value) > 15:
            raise wrong_call(f"--limit {name} takes a number, not {value!r}")
        changes[name] = int(value.replace("_", ""))
    return Limits(**changes)


def read_settings(texts: Sequence[str] | None, limits: Limits) -> dict[str, Any]:
    """The model arguments of ``--set``, read as values of the language."""
    if not texts:
        return {}
    from ..compiler.model_arguments import parse_argument

    values: dict[str, Any] = {}
    report = Report()
    for text in texts:
        name, value = split_pair(text, "--set")
        if name in values:
            raise wrong_call(f"--set {name} is given twice")
        values[name] = parse_argument(name, value, limits, report)
    if report.has_errors:
        print_diagnostics(report.diagnostics)
        raise click.exceptions.Exit(2)
    return values


def rule_codes(context: click.Context, parameter: click.Parameter, codes: Sequence[str]) -> tuple[str, ...]:
    """Codes of rules, or beginnings of some, as they are written on the command line; of warnings to ignore as well."""
    if not codes:
        return ()
    from ..compiler.configuration.codes import code_fault

    for code in codes:
        fault = code_fault(code, select=parameter.name == "select")
        if fault is not None:
            raise wrong_call(f"{fault.headline()}: {fault.advice()}")
    return tuple(code.strip().upper() for code in codes)


def compile_model(
    source: str,
    model: str | None,
    settings: Sequence[str] | None,
    limit_options: Sequence[str] | None,
    root: Path | None,
) -> Compiled:
    """The compiled model of a command; its warnings are printed."""
    from ..compiler.driver import compile_file
    from ..compiler.request import Request

    limits = read_limits(limit_options)
    arguments = read_settings(settings, limits)
    try:
        compiled = compile_file(source, model=model, arguments=arguments, limits=limits, root=root)
    except DotnnError as error:
        wanted = Request(model, arguments, limits, root)
        raise DotnnError(*remedied(error.diagnostics, source, wanted)) from None
    print_diagnostics(compiled.warnings, sys.stderr)
    return compiled


def remedied(found: Sequence[Diagnostic], file: str, wanted: Request) -> Sequence[Diagnostic]:
    """What is wrong with a file, and what mends it, where that can be found by trying."""
    if not any(one.background is not None for one in found):
        return found
    from ..compiler.driver import judge
    from ..compiler.remedies.offering import with_remedies

    return with_remedies(found, "<stdin>" if file == "-" else file, lambda text: judge(file, wanted, text))


def in_type(compiled: Compiled, dtype: FloatType | None, keep_io: bool) -> Compiled:
    """The model of ``--dtype`` and ``--keep-io``; as it is without them."""
    if dtype is None:
        if keep_io:
            raise wrong_call("--keep-io goes with --dtype: without it, inputs and outputs are as written anyway")
        return compiled
    return compiled.in_type(dtype, keep_io=keep_io)


def judge_labels(labels: Sequence[str] | None, outputs: Mapping[str, Sequence[object] | None]) -> None:
    """Warn if the names of ``--labels`` fit no output, given the shapes of these."""
    from ..compiler.passes.class_labels import judge_labels as judge

    fault = judge(labels, outputs) if labels is not None else None
    if fault is not None:
        print_diagnostics([fault])


def read_labels(path: Path | None) -> tuple[str, ...] | None:
    """The class names of ``--labels``; empty lines at the end do not count."""
    if path is None:
        return None
    try:
        content = read_regular(path, _MOST_LABEL_BYTES)
        if len(content) > _MOST_LABEL_BYTES:
            raise wrong_call(f"--labels {path}: this is too large for a list of class names")
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise wrong_call(f"--labels {path}: this is no UTF-8 text") from None
    except (OSError, ValueError) as error:
        advice = f" ({instead(error)})" if instead(error) else ""
        raise wrong_call(f"--labels {path}: {why_not(error)}{advice}") from None
    return tuple(line.strip() for line in text.rstrip().splitlines())
