"""Helpers of the tests of the language: short texts, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dotnn.compiler import compile_source
from dotnn.compiler.checking import check as lint
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.diagnostics import Diagnostic, DotnnError
from dotnn.compiler.dims import format_dim
from dotnn.compiler.driver import check
from dotnn.compiler.graph.operations import Constant, Input


def model(body: str, *, head: str = "", image: str = "float32[N, 8]", arguments: str = "") -> str:
    """A file with one model that has an input `x`."""
    return f"{head}\nmodel net({arguments}) {{\n    input x: {image}\n{body}\n}}\n"


def compiled(body: str, **parts: str) -> Compiled:
    """The model of `model(...)`."""
    return compile_source(model(body, **parts))


def layer_names(found: Compiled) -> list[str]:
    """Names of all nodes but inputs and constants, in order."""
    return [node.name for node in found.graph.nodes() if not isinstance(node.op, Input | Constant)]


def weight_names(found: Compiled) -> list[str]:
    """Names of all weights, each once, in order."""
    return [weight.name for weight in found.graph.weights()]


def names(body: str, **parts: str) -> list[str]:
    """The names of the layers of `model(...)`."""
    return layer_names(compiled(body, **parts))


def weights(body: str, **parts: str) -> list[str]:
    """The names of the weights of `model(...)`."""
    return weight_names(compiled(body, **parts))


def type_of(found: Compiled, output: str = "y") -> str:
    """The type of an output, as it is printed."""
    return str(found.graph.type_of(found.graph.outputs[output]))


def printed_dims(found: Compiled, output: str = "y") -> list[str]:
    """The dimensions of an output, as they are printed."""
    return [format_dim(dim) for dim in found.graph.type_of(found.graph.outputs[output]).shape]


def shape(body: str, output: str = "y", **parts: str) -> str:
    """The shape of an output of `model(...)`, as it is printed."""
    printed = type_of(compiled(body, **parts), output)
    return printed[printed.index("[") :]


def faults_of(text: str, **options: Any) -> tuple[Diagnostic, ...]:
    """The errors of a text; none if it compiles."""
    try:
        compile_source(text, name="net.nn", **options)
    except DotnnError as error:
        return error.diagnostics
    return ()


def faults(body: str, *, arguments_given: Mapping[str, object] | None = None, **parts: str) -> list[tuple[str, str]]:
    """Code and place, as text, of every error of `model(...)`."""
    return places(faults_of(model(body, **parts), arguments=arguments_given))


def places(diagnostics: tuple[Diagnostic, ...]) -> list[tuple[str, str]]:
    """Code and place, as text, of diagnostics."""
    return [(one.code, one.span.text if one.span is not None else "") for one in diagnostics]


def warnings(body: str, **parts: str) -> list[tuple[str, str]]:
    """Code and place of every warning of `model(...)`."""
    return places(compiled(body, **parts).warnings)


def findings(text: str, *select: str) -> list[tuple[str, str]]:
    """Code and place of all that a check says of a whole text, with further rules than those asked by themselves."""
    return places(lint(Path("net.nn").resolve(), text=text, select=select).diagnostics)


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files into a folder; gives the path of the first one."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / next(iter(files))


def found_in(folder: Path, files: Mapping[str, str], **options: Any) -> list[tuple[str, str, str]]:
    """File, code and place of everything that `check` says of the first of some files."""
    report = check(write(folder, files), **options)
    return [
        (Path(one.span.source.name).name if one.span is not None else "", one.code, one.span.text if one.span else "")
        for one in report.diagnostics
    ]
