"""What every diagnostic has."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from functools import cached_property
from string import Formatter

import pytest
from dotnn.compiler.diagnostics import Diagnostic, Severity

from tests.helpers.sample_diagnostics import FAMILIES


def _template_names(template: str) -> set[str]:
    names = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    return {re.split(r"[.\[]", name, maxsplit=1)[0] for name in names}


def _facts(kind: type[Diagnostic]) -> set[str]:
    properties = {
        name
        for base in kind.__mro__
        for name, value in vars(base).items()
        if isinstance(value, property | cached_property)
    }
    return properties | {field.name for field in dataclasses.fields(kind)}


@pytest.mark.parametrize("kind", FAMILIES, ids=lambda kind: kind.__name__)
def test_every_diagnostic_is_complete(kind: type[Diagnostic]) -> None:
    letter = "E" if kind.severity is Severity.ERROR else "W"
    assert re.fullmatch(rf"{letter}\d{{3}}", kind.code)
    # A dataclass without a docstring is given its signature as one.
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")
    assert dataclasses.is_dataclass(kind)
    for template in (kind.message, kind.label, kind.remedy):
        assert _template_names(template) <= _facts(kind)
    assert kind.message or kind.headline is not Diagnostic.headline
    if kind.severity is Severity.ERROR:
        assert kind.remedy or kind.advice is not Diagnostic.advice


def test_diagnostics_import_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from dotnn.compiler.diagnostics.explain import load_all\n"
        "load_all()\n"
        "print(sorted({'numpy', 'onnx', 'onnxruntime', 'lark', 'networkx', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
