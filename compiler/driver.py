"""The whole story: text -> tree -> layer graph, and everything that is wrong with it.

What ``compile_file`` and ``compile_source`` return lowers, rewrites and writes itself when it is asked to, so that
checking a file loads neither numpy nor onnx.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from .compiled import Compiled
from .diagnostics import DotnnError, Report
from .elaborate.models import Network, elaborate_all
from .limits import Limits
from .measure.expectations import judge_expectations
from .names.project import Module
from .names.resolve import resolve
from .python_arguments import need
from .request import Request, request
from .source import Source
from .source_loading import all_models, any_models, load_module, load_source, the_model
from .syntax.read_source import read_source
from .values.budget import Budget
from .values.from_python import python_values

#: Which models of a file are meant: the names of those, given the name that was asked for.
Choice = Callable[[Module, str | None, Report], list[str]]


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
    wanted, report = request(model, arguments, limits, root), Report()
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
    wanted, report = request(model, arguments, limits, root), Report()
    source = read_source(text.encode("utf-8", "surrogatepass"), name, None, wanted.limits, report)
    return _compile(source, wanted, report)


def check(
    path: str | os.PathLike[str],
    *,
    arguments: Mapping[str, object] | None = None,
    model: str | None = None,
    limits: Limits | None = None,
    root: str | os.PathLike[str] | None = None,
    text: str | None = None,
) -> Report:
    """Everything that is wrong with a file: all of its models are elaborated. A file without models may be fine.

    Arguments are those of ``compile_file``, and ``text``: what the file is to hold, where that is not what it holds.

    Raises:
        TypeError: an argument of a wrong type; what is wrong with the file is only reported.
    """
    return judge(path, request(model, arguments, limits, root), text)


def judge(path: str | os.PathLike[str], wanted: Request, text: str | None = None) -> Report:
    """Everything that is wrong with a file, or would be with another text in it; see ``check``."""
    report, choose = Report(), any_models if wanted.model is None else all_models
    read_networks(load_source(path, wanted.limits, report, text), choose, wanted, report)
    return report


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

    Arguments are those of ``check``, and whether a file without models, or without this one, is wrong.

    Raises:
        TypeError: an argument of a wrong type.
    """
    wanted, report = request(model, arguments, limits, root), Report()
    choose = all_models if need_model else any_models
    _, networks = read_networks(load_source(path, wanted.limits, report), choose, wanted, report)
    if report.has_errors:
        return report, ()
    return report, tuple(Compiled(network, report.diagnostics) for network in networks)


def _compile(source: Source | None, wanted: Request, report: Report) -> Compiled:
    _, networks = read_networks(source, the_model, wanted, report)
    report.raise_errors()
    if not networks:
        raise DotnnError(*report.diagnostics)
    return Compiled(networks[0], report.diagnostics)


def read_networks(
    source: Source | None,
    choose: Choice,
    wanted: Request,
    report: Report,
    contents: Mapping[Path | None, bytes] | None = None,
) -> tuple[Module | None, list[Network]]:
    """The way of a text: it is parsed, its names are resolved, its models are elaborated and judged.

    ``contents`` says, by path, what imported files are to hold, where that is not what they hold.
    """
    if source is None:
        return None, []
    module = load_module(source, wanted.limits, wanted.root, report, contents)
    if module is None:
        return None, []
    names = choose(module, wanted.model, report)
    resolve(module.with_imports(), report)
    arguments, budget = python_values(wanted.arguments, wanted.limits, report), Budget(wanted.limits, report)
    found = elaborate_all(names, module, arguments, budget, may_lack=wanted.is_for_several)
    for network in found:
        judge_expectations(network, report)
    return module, [] if report.has_errors else found
