"""Checking a file: what is wrong with it, and if nothing is, what the rules of the linter find."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from .diagnostics import Report
from .driver import Choice, read_networks
from .elaborate.models import Network
from .limits import Limits
from .lint.asking import chosen, lint
from .lint.base import Subject
from .lint.suppression import unsuppressed
from .names.project import Module
from .records import positional_record
from .request import Request, request
from .source import Source
from .source_loading import all_models, any_models, load_source

#: More findings than any file that is worked on has.
_ANY = 2_000


@positional_record
class Checked:
    """What is said of a file, and what it is made of.

    Attributes:
        source: its text; None if it cannot be read.
        report: everything that is wrong with it, and if nothing is, all that may be.
        module: the tree and the names; None if nothing could be made of the text.
        networks: its models; none if there are errors.
    """

    source: Source | None
    report: Report
    module: Module | None
    networks: tuple[Network, ...]

    @property
    def sources(self) -> tuple[Source, ...]:
        """Its text, and those that it imports, directly or not."""
        imported = () if self.module is None else (one.source for one in self.module.with_imports())
        return tuple({id(one): one for one in (self.source, *imported) if one is not None}.values())


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
) -> Report:
    """Everything that is wrong with a file, and if nothing is, all that may be.

    Arguments are those of ``driver.check``, and of ``chosen``, the rules that are asked.

    Raises:
        TypeError: an argument of a wrong type; what is wrong with the file is only reported.
    """
    wanted, report = request(model, arguments, limits, root), Report()
    source, choose = load_source(path, wanted.limits, report, text), any_models if model is None else all_models
    return _checked(source, choose, wanted, report, chosen(select, ignore)).report


def examine(
    path: str,
    data: bytes | None = None,
    contents: Mapping[Path | None, bytes] | None = None,
    *,
    arguments: Mapping[str, object] | None = None,
    limits: Limits | None = None,
    root: str | os.PathLike[str] | None = None,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
) -> Checked:
    """What ``check`` finds, in any number, with all that it was found in.

    Args:
        path: the file; ``-`` is standard input.
        data: what it is to hold, if that is not what it holds.
        contents: likewise of files that it imports, by their paths.
        arguments: as for ``check``, like those that follow.
        limits: likewise.
        root: likewise.
        select: likewise.
        ignore: likewise.

    Raises:
        TypeError: an argument of a wrong type.
    """
    wanted, report = request(None, arguments, limits, root), Report(_ANY)
    source = load_source(path, wanted.limits, report, data)
    return _checked(source, any_models, wanted, report, chosen(select, ignore), contents)


def _checked(
    source: Source | None,
    choose: Choice,
    wanted: Request,
    report: Report,
    codes: Collection[str],
    contents: Mapping[Path | None, bytes] | None = None,
) -> Checked:
    """The way of a text, and the rules of some codes, asked if it compiles."""
    module, networks = read_networks(source, choose, wanted, report, contents)
    if module is not None and not report.has_errors:
        report.extend(unsuppressed(lint(Subject(module, networks), codes), module.file, codes))
    return Checked(source, report, module, tuple(networks))
