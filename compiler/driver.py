"""The whole story: text -> tree -> layer graph, and everything that is wrong with it.

What ``compile_file`` and ``compile_source`` return lowers, rewrites and writes itself when it is asked to, so that
checking a file loads neither numpy nor onnx.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from .arguments import need, need_folder
from .compiled import Compiled
from .diagnostics import DotnnError, Report
from .elaborate.models import Network, elaborate, evaluate_consts
from .elaborate.state import Consts
from .limits import Limits
from .measure.expectations import judge_expectations
from .names.project import Module
from .names.resolve import resolve
from .records import positional_record
from .room import room
from .source import Source
from .sources import all_models, any_models, load_module, load_source, the_model
from .syntax.read import read_source
from .values.budget import Budget
from .values.from_python import need_mapping, python_values

_Choice = Callable[[Module, str | None, Report], list[str]]


@positional_record
class _Wanted:
    """What is asked for."""

    model: str | None
    arguments: Mapping[str, object] | None
    limits: Limits
    root: str | os.PathLike[str] | None


def compile_file(
    path: str | os.PathLike[str],
    *,
    model: str | None = None,
    arguments: Mapping[str, object] | None = None,
    limits: Limits | None = None,
    root: str | os.PathLike[str] | None = None,
) -> Compiled:
    """Compile a model of a ``.nn`` file.

    Args:
        path: the file; ``-`` is standard input.
        model: which model, where the file has several.
        arguments: values of the model's arguments, as Python values; numbers and arrays of numpy are taken as well.
        limits: how much the compilation may use.
        root: the folder that imports may not leave; by default that of the project.

    Raises:
        TypeError: an argument of a wrong type.
        DotnnError: every error that the file has.
    """
    wanted, report = _wanted(model, arguments, limits, root), Report()
    return _compile(load_source(path, wanted.limits, report), wanted, report)


def compile_source(
    text: str,
    *,
    name: str = "<string>",
    model: str | None = None,
    arguments: Mapping[str, object] | None = None,
    limits: Limits | None = None,
    root: str | os.PathLike[str] | None = None,
) -> Compiled:
    """Compile a model of a text; imports are relative to the working directory. See ``compile_file``."""
    need(text, str, "text must be a str", "`dotnn.compile_file` reads files, and bytes are text after `.decode()`")
    need(name, str, "name must be a str, what messages call the text")
    wanted, report = _wanted(model, arguments, limits, root), Report()
    source = read_source(text.encode("utf-8", "surrogatepass"), name, None, wanted.limits, report)
    return _compile(source, wanted, report)


def check(
    path: str | os.PathLike[str],
    *,
    arguments: Mapping[str, object] | None = None,
    model: str | None = None,
    limits: Limits | None = None,
    root: str | os.PathLike[str] | None = None,
) -> Report:
    """Everything that is wrong with a file: all of its models are elaborated. A file without models may be fine.

    Raises:
        TypeError: an argument of a wrong type; what is wrong with the file is only reported.
    """
    need_model = model is not None
    return compile_models(path, arguments=arguments, model=model, limits=limits, root=root, need_model=need_model)[0]


def compile_models(
    path: str | os.PathLike[str],
    *,
    arguments: Mapping[str, object] | None = None,
    model: str | None = None,
    limits: Limits | None = None,
    root: str | os.PathLike[str] | None = None,
    need_model: bool = True,
) -> tuple[Report, tuple[Compiled, ...]]:
    """Everything that is wrong with a file, and if these are no errors, its models or the one of a name.

    Args:
        path: the file; ``-`` is standard input.
        arguments: as for ``compile_file``, like all that follow.
        model: the only one that is meant.
        limits: how much the compilation may use.
        root: the folder that imports may not leave.
        need_model: whether a file without models, or without this one, is wrong.

    Raises:
        TypeError: an argument of a wrong type.
    """
    wanted, report = _wanted(model, arguments, limits, root), Report()
    source = load_source(path, wanted.limits, report)
    networks = _networks(source, all_models if need_model else any_models, wanted, report)
    if report.has_errors:
        return report, ()
    return report, tuple(Compiled(network, report.diagnostics) for network in networks)


def _wanted(model: object, arguments: object, limits: object, root: object) -> _Wanted:
    """What a call asks for; raises TypeError where one of its arguments is of a wrong type."""
    remedy = "give one such as `dotnn.Limits(nodes=100_000)`"
    return _Wanted(
        None if model is None else need(model, str, "model must be a str, the name of a model"),
        None if arguments is None else need_mapping(arguments),
        Limits() if limits is None else need(limits, Limits, "limits must be a dotnn.Limits", remedy),
        None if root is None else need_folder(root, "root"),
    )


def _compile(source: Source | None, wanted: _Wanted, report: Report) -> Compiled:
    networks = _networks(source, the_model, wanted, report)
    report.raise_errors()
    if not networks:
        raise DotnnError(*report.diagnostics)
    return Compiled(networks[0], report.diagnostics)


def _networks(source: Source | None, choose: _Choice, wanted: _Wanted, report: Report) -> list[Network]:
    """The way of a text: it is parsed, its models are elaborated, its names are looked at, its models are judged."""
    if source is None:
        return []
    with room(wanted.limits):
        module = load_module(source, wanted.limits, wanted.root, report)
        names = [] if module is None else choose(module, wanted.model, report)
        if module is None or (report.has_errors and not names):
            return []
        found = _elaborated(module, names, wanted, report)
        # An expectation may be false because of a name that means nothing.
        for network in found if resolve(module.with_imports(), report).is_sound else ():
            judge_expectations(network, report)
        return [] if report.has_errors else found


def _elaborated(module: Module, names: Sequence[str], wanted: _Wanted, report: Report) -> list[Network]:
    """Those models of a file that have no errors; and its consts are evaluated, which may have errors, too."""
    budget, consts = Budget(wanted.limits, report), Consts()
    arguments = python_values(wanted.arguments, wanted.limits, report)
    found: list[Network] = []
    for name in names:
        if not report.is_full and not budget.stopped:
            network = elaborate(module.models[name], module, arguments, budget, consts)
            found += [network] if network is not None else []
    before = len(report.errors)
    evaluate_consts(module, budget, consts)
    return found if len(report.errors) == before else []
