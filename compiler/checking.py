"""Checking a file: what is wrong with it, and if nothing is, what the rules of the linter find."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from itertools import chain
from typing import TYPE_CHECKING

from .diagnostics import DotnnError, Report
from .driver import read_networks
from .limits import Limits
from .lint.asking import chosen, lint
from .lint.base import Subject
from .lint.suppression import unsuppressed
from .python_arguments import need_path
from .request import request
from .source_loading import all_models, any_models, load_source

if TYPE_CHECKING:
    from .lint.tensor_names import TensorNames


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
    weights: str | os.PathLike[str] | None = None,
) -> Report:
    """Everything that is wrong with a file, and if nothing is, all that may be.

    The warnings of the compiler, such as an expectation that other arguments fail, are ignored and suppressed like
    findings of rules.

    Arguments are those of ``driver.check`` and of ``chosen``, the rules that are asked; and ``weights``, a file that is
    asked for the tensors of the models.

    Raises:
        TypeError: an argument of a wrong type; what is wrong with the file is only reported.
    """
    wanted, report = request(model, arguments, limits, root), Report()
    source, choose = load_source(path, wanted.limits, report, text), any_models if model is None else all_models
    module, networks = read_networks(source, choose, wanted, report)
    tensors = _tensors(weights, report)
    if module is not None and not report.has_errors:
        codes, files = chosen(select, ignore), [one.file for one in module.with_imports()]
        warnings = [one for one in report.diagnostics if not one.code.startswith(tuple(ignore))]
        subject = Subject(module, networks)
        subject.tensors = tensors
        found = chain(warnings, lint(subject, codes))
        report = Report()
        report.extend(unsuppressed(found, files, codes, ignore))
    return report


def _tensors(weights: str | os.PathLike[str] | None, report: Report) -> TensorNames | None:
    """The names in a weight file; what is wrong with it is reported."""
    if weights is None:
        return None
    # What reads weights is for those who have some.
    from .lint.tensor_names import tensor_names

    try:
        return tensor_names(need_path(weights, "weights"))
    except DotnnError as error:
        report.extend(error.diagnostics)
        return None
