"""Checking a file: what is wrong with it, and if nothing is, what the rules of the linter find.

What is found goes the same way from Python as from the command: settings choose the rules, comments suppress, a
baseline hides what is known.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from .configuration.finding import Configuration
from .configuration.settings import Settings
from .diagnostics import Diagnostic, Report, Severity
from .driver import Choice as ModelChoice
from .driver import read_networks
from .elaborate.models import Network
from .limits import Limits
from .lint.asking import Choice, asks, chosen, lint
from .lint.base import Subject, Surroundings
from .lint.index import RULES
from .lint.suppression import Suppressions, UnusedSuppression
from .names.project import Module
from .passes.targets import CheckedProvider, Target
from .python_arguments import need, need_choice, need_codes, need_path
from .records import positional_record
from .request import Request, request
from .shared_arguments import SharedArguments
from .source import Source
from .source_loading import all_models, any_models, load_source

#: More findings than any file that is worked on has.
_ANY = 2_000


def check(
    path: str | os.PathLike[str],
    *,
    arguments: Mapping[str, object] | None = None,
    model: str | None = None,
    limits: Limits | None = None,
    root: str | os.PathLike[str] | None = None,
    text: str | None = None,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    target: Target | None = None,
    provider: CheckedProvider | None = None,
    weights: str | os.PathLike[str] | None = None,
    strict: bool = False,
    config: str | os.PathLike[str] | None = None,
    isolated: bool = False,
) -> Report:
    """Everything that is wrong with a file, and if nothing is, all that may be, as ``dotnn check`` says it.

    Arguments are those of ``compile_file``, and:

    Args:
        path: the file; ``-`` is standard input.
        arguments: values of the arguments of its models, of which each takes those that it has.
        model: the only model that is looked at.
        limits: how much the check may use.
        root: the folder that imports may not leave; by default that of the project.
        text: what the file is to hold, where that is not what it holds.
        select: codes of rules that are asked, too, or beginnings of codes; they overrule the settings.
        ignore: likewise of rules that are not asked, and of warnings that are not given.
        target: what the models are to be built for; the rules about it are asked, which lower the models.
        provider: what is to compute them; likewise.
        weights: a file of weights, whose names the labels should be; no number of it is read.
        strict: whether warnings are errors; the settings may say so as well.
        config: the file with the settings; by default the nearest ``dotnn.toml`` or ``pyproject.toml``.
        isolated: heed no settings.

    Raises:
        TypeError: an argument of a wrong type; what is wrong with the file is only reported.
        DotnnError: there is no such target or provider, or the names in the file of weights cannot be read.
    """
    asked = need_codes(select, "select"), need_codes(ignore, "ignore")
    need(strict, bool, "strict must be a bool")
    need(isolated, bool, "isolated must be a bool")
    surroundings = known_surroundings(target, provider, weights)
    wanted = replace(request(model, arguments, limits, root), is_for_several=True)
    configuration = Configuration(None if config is None else need_path(config, "config"), isolated)
    settings, faults = configuration.of_file(need_path(path, "path")), list[Diagnostic]()
    wish = Wish(Choice(*asked), strict, _known_by(settings, faults), surroundings)
    if any(asked):
        # Which codes there are is for those who name some.
        from .configuration.codes import code_faults

        faults += code_faults(*asked)
    found = check_path(path, wanted, settings, wish, text)
    shared = SharedArguments(wanted)
    shared.heed(found.module)
    faults += shared.faults()
    return joined([*settings.faults, *faults], found.report)


def known_surroundings(
    target: Target | None = None,
    provider: CheckedProvider | None = None,
    weights: str | os.PathLike[str] | None = None,
) -> Surroundings:
    """What is known of where models go, and of their weights.

    Raises:
        TypeError: an argument of a wrong type.
        DotnnError: there is no such target or provider, or the names in the file of weights cannot be read.
    """
    if target is not None:
        need_choice(target, "target", get_args(Target))
    if provider is not None:
        need_choice(provider, "provider", get_args(CheckedProvider))
    if weights is None:
        return Surroundings((), target, provider)
    # What reads weights is for those who have some.
    from .lint.tensor_names import tensor_names

    return Surroundings((), target, provider, tensor_names(need_path(weights, "weights")))


def nothing_is_known(found: Diagnostic) -> bool:
    """Whether a finding is known to a baseline, where there is none."""
    return False


def _known_by(settings: Settings, faults: list[Diagnostic]) -> Callable[[Diagnostic], bool]:
    """What the baseline of some settings knows; what is wrong with it is added to the faults."""
    if settings.baseline is None:
        return nothing_is_known
    # For those who have one.
    from .configuration.baseline import Baseline, read_baseline

    found = read_baseline(*settings.baseline)
    if isinstance(found, Baseline):
        return found.hides
    faults.append(found)
    return nothing_is_known


@positional_record
class Wish:
    """What a call says of the rules, beside the settings.

    Attributes:
        choice: which rules are asked.
        strict: whether warnings are errors.
        is_known: whether a finding is not to be told, because a baseline has it.
        surroundings: what it says of where the models go.
    """

    choice: Choice = Choice()
    strict: bool = False
    is_known: Callable[[Diagnostic], bool] = nothing_is_known
    surroundings: Surroundings = Surroundings()


@positional_record
class Checked:
    """What is said of a file, and what it is made of.

    Attributes:
        source: its text; None if it cannot be read.
        report: everything that is wrong with it, and if nothing is, all that may be.
        module: the tree and the names; None if nothing could be made of the text.
        networks: its models; none if there are errors.
        asked: whether a code was asked; None where no rule was, because of errors.
    """

    source: Source | None
    report: Report
    module: Module | None
    networks: tuple[Network, ...]
    asked: Callable[[str], bool] | None

    @property
    def sources(self) -> tuple[Source, ...]:
        """Its text, and those that it imports, directly or not."""
        imported = () if self.module is None else (one.source for one in self.module.with_imports())
        return tuple({id(one): one for one in (self.source, *imported) if one is not None}.values())


def examine(
    path: str,
    data: bytes | None = None,
    contents: Mapping[Path | None, bytes] | None = None,
    *,
    wanted: Request | None = None,
    settings: Settings | None = None,
    wish: Wish | None = None,
) -> Checked:
    """What is said of a file, in any number, with all that it was found in.

    Args:
        path: the file; ``-`` is standard input.
        data: what it is to hold, if that is not what it holds.
        contents: likewise of files that it imports, by their paths.
        wanted: what is asked of the compiler; None for nothing in particular.
        settings: of the file; None for none.
        wish: what the call says of the rules; None for nothing.
    """
    asked, report = wanted or request(None, None, None, None), Report(_ANY)
    source = load_source(path, asked.limits, report, data)
    return check_source(source, any_models, asked, report, settings or Settings(), wish or Wish(), contents)


def check_path(
    path: str | os.PathLike[str], wanted: Request, settings: Settings, wish: Wish, text: str | None = None
) -> Checked:
    """What is said of a file by some settings; see ``check`` and ``check_source``."""
    report = Report()
    source, choose = load_source(path, wanted.limits, report, text), any_models if wanted.model is None else all_models
    return check_source(source, choose, wanted, report, settings, wish)


def check_source(
    source: Source | None,
    choose: ModelChoice,
    wanted: Request,
    report: Report,
    settings: Settings,
    wish: Wish,
    contents: Mapping[Path | None, bytes] | None = None,
) -> Checked:
    """The way of a text, and the rules that settings and a call want, asked if it compiles.

    What is wrong with the settings is not told here, but then no rule is asked.

    Args:
        source: the text; None where it could not be read.
        choose: which of its models are meant.
        wanted: what is asked of the compiler.
        report: has what was found so far, and bounds what is told.
        settings: which rules are asked, and what models may cost.
        wish: what the call says of the rules.
        contents: by path, what imported files are to hold, where that is not what they hold.
    """
    module, networks = read_networks(source, choose, wanted, report, contents)
    if module is None:
        return Checked(source, joined((), report, wish.strict or settings.strict), None, (), None)
    choices = _choices(settings, wish, module.source.path)
    is_asked = not report.has_errors and not settings.faults
    surroundings = replace(wish.surroundings, budgets=tuple(settings.budgets_for(module.source.path)))
    codes = chosen(*choices, known=surroundings.known) if is_asked else []

    def asked(code: str) -> bool:
        return code in codes if code in RULES else asks(code, choices)

    told = _Told(module, settings, wish)
    told.add(report.diagnostics)
    told.add(lint(Subject(module, networks, surroundings), codes))
    if UnusedSuppression.code in codes:
        told.add(told.suppressions.unused(module.file, asked))
    found = joined((), told.report(report), wish.strict or settings.strict)
    return Checked(source, found, module, tuple(networks), asked if is_asked else None)


def _choices(settings: Settings, wish: Wish, file: Path | None) -> tuple[Choice, ...]:
    """Who chooses, the last word last: what is ignored in single files is ignored whatever the command line selects."""
    return Choice(settings.select, settings.ignore), wish.choice, Choice(ignore=settings.ignored_for(file))


class _Told:
    """What is told of all that is found: neither what is ignored or suppressed, nor what is known."""

    def __init__(self, module: Module, settings: Settings, wish: Wish) -> None:
        own = (one.file for one in module.with_imports() if not one.source.in_library)
        self.suppressions = Suppressions(own)
        self._module = module
        self._settings = settings
        self._wish = wish
        self._kept: list[Diagnostic] = []

    def add(self, found: Iterable[Diagnostic]) -> None:
        """Take what is told of some findings."""
        self._kept += (one for one in found if self._is_told(one))

    def report(self, before: Report) -> Report:
        """All that was taken, as much as the report before takes."""
        # Of errors the report before has taken as many as it takes, and says itself if there are more.
        report = Report(len(self._kept) + 1) if before.has_errors else before.empty()
        # What says that there are more warnings stands nowhere, and is said behind them.
        report.extend(sorted(self._kept, key=lambda one: one.span is None))
        return report

    def _is_told(self, one: Diagnostic) -> bool:
        if one.severity is Severity.ERROR and one.code not in RULES:
            return True
        if one.code not in RULES and not self._gives(one):
            return False
        return not self.suppressions.hides(one) and not self._wish.is_known(one)

    def _gives(self, one: Diagnostic) -> bool:
        """Whether a warning that is no rule's is given where it stands."""
        file = one.span.source.path if one.span is not None else self._module.source.path
        return asks(one.code, _choices(self._settings, self._wish, file))


def joined(before: Sequence[Diagnostic], report: Report, strict: bool = False) -> Report:
    """A report with other diagnostics before it, and where that is wanted, with warnings as errors."""
    if not strict and not before:
        return report
    everything = [*before, *report.diagnostics]
    found = Report(len(everything) + 1)
    found.extend(one.as_error() if strict else one for one in everything)
    return found
