"""Checking a file: what is wrong with it, and if nothing is, what the rules of the linter find."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import get_args

from .diagnostics import Report
from .driver import read_networks
from .limits import Limits
from .lint.asking import chosen, lint
from .lint.base import Subject
from .lint.suppression import unsuppressed
from .passes.targets import CheckedProvider, Target
from .python_arguments import need_choice
from .request import request
from .source_loading import all_models, any_models, load_source


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
) -> Report:
    """Everything that is wrong with a file, and if nothing is, all that may be.

    Arguments are those of ``driver.check``, and of ``chosen``, the rules that are asked. With a target or a provider
    the rules about deployment are asked, too: they build the models, up to the operators.

    Raises:
        TypeError: an argument of a wrong type; what is wrong with the file is only reported.
        DotnnError: there is no such target or provider.
    """
    said = _said(target, provider)
    wanted, report = request(model, arguments, limits, root), Report()
    source, choose = load_source(path, wanted.limits, report, text), any_models if model is None else all_models
    module, networks = read_networks(source, choose, wanted, report)
    if module is not None and not report.has_errors:
        codes, subject = chosen(select, ignore, said), Subject(module, networks)
        subject.target, subject.provider = target, provider
        report.extend(unsuppressed(lint(subject, codes), module.file, codes))
    return report


def _said(target: Target | None, provider: CheckedProvider | None) -> list[str]:
    """Which of the two are given; raises DotnnError where one is no word that it may be."""
    choices = {"target": (target, get_args(Target)), "provider": (provider, get_args(CheckedProvider))}
    said = [name for name, (value, _) in choices.items() if value is not None]
    for name in said:
        need_choice(choices[name][0], name, choices[name][1])
    return said
