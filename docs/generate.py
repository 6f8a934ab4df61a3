"""What the documentation repeats of the program: written from the program, so that it is true.

``python docs/generate.py`` writes the index and the page of the layers and of the library, the picture of an error, and
what stands in other pages between ``<!-- begin: NAME -->`` and ``<!-- end -->``. A test fails where a committed page is
not what this would write.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import html
import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from dotnn.compiler import DotnnError, compile_file, compile_source
from dotnn.compiler.diagnostics import CATALOGUE
from dotnn.compiler.diagnostics.explain import codes
from dotnn.compiler.graph.types import TensorType
from dotnn.compiler.layers import LAYERS
from dotnn.compiler.layers.base import Layer, Sample
from dotnn.compiler.layers.documentation import LayerPage, page_of
from dotnn.compiler.limits import Limits
from dotnn.compiler.lint.base import Lint
from dotnn.compiler.lint.retired import RETIRED
from dotnn.compiler.names.block_documentation import BlockPage, FilePage, library_pages
from dotnn.compiler.passes.pass_pipeline import stages

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
PICTURE = DOCS / "images" / "error.svg"
LAYER_PAGE = DOCS / "layers.md"
LAYER_INDEX = ROOT / "compiler" / "layers" / "index.py"
LINT_INDEX = ROOT / "compiler" / "lint" / "index.py"
LIBRARY_PAGE = DOCS / "library.md"
LIBRARY_INDEX = ROOT / "library" / "index.py"
#: The command whose output the picture shows.
PICTURED = "dotnn check docs/samples/wrong.nn"
#: Pages with regions.
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(
        DOCS / f"{name}.md"
        for name in ("language", "cli", "errors", "lint", "architecture", "levels", "learn", "teams")
    ),
)
#: Everything that is written; the picture is not among it.
WRITTEN = (LAYER_INDEX, LAYER_PAGE, LIBRARY_INDEX, LIBRARY_PAGE, LINT_INDEX, *PAGES)
#: Columns of a line of the program.
_LONGEST_LINE = 120
#: What fences call the languages of files.
_LANGUAGES = {".nn": "nn", ".toml": "toml", ".yml": "yaml"}
#: The most parts that a sample of `split` has.
_MOST_RESULTS = 8

_INDEX_HEAD = '''"""Which module has the layer of a kind. Written by ``docs/generate.py``; not to be edited."""

from __future__ import annotations

from collections.abc import Mapping

MODULES: Mapping[str, str] = {
'''

_LINT_HEAD = '''"""Which rules there are. Written by ``docs/generate.py``; not to be edited."""

from __future__ import annotations

from collections.abc import Mapping

from .rows import Row

RULES: Mapping[str, Row] = {
'''

_LIBRARY_HEAD = '''"""The public blocks of the library. Written by ``docs/generate.py``; not to be edited."""

from __future__ import annotations

from collections.abc import Mapping

from . import Indexed

BLOCKS: Mapping[str, Indexed] = {
'''

_REGION = re.compile(r"(?P<head><!-- begin: (?P<name>[^\n]+?) -->\n)(?P<body>.*?)(?P<tail><!-- end -->)", re.DOTALL)


def main() -> None:
    """Write everything."""
    for path in WRITTEN:
        text = output(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")


def output(path: Path) -> str:
    """What is written to one of ``WRITTEN``, wholly or in part."""
    whole = {
        LAYER_INDEX: layer_index,
        LAYER_PAGE: layer_page,
        LIBRARY_INDEX: library_index,
        LIBRARY_PAGE: library_page,
        LINT_INDEX: lint_index,
    }
    return whole[path]() if path in whole else with_regions(path.read_text(encoding="utf-8"))


def layer_index() -> str:
    """The module that says where each layer is defined."""
    places = [f'    "{kind}": "{layer.__module__.rpartition(".")[2]}",\n' for kind, layer in sorted(LAYERS.items())]
    return f"""{_INDEX_HEAD}{"".join(places)}}}\n"""


def lint_index() -> str:
    """The module that says which rules of the linter there are."""
    return f"""{_LINT_HEAD}{"".join(map(_index_row, _rules()))}}}\n"""


def _index_row(rule: type[Lint]) -> str:
    """A rule in the index, in as few lines as ruff would leave."""
    head = f'    "{rule.code}": Row('
    parts = [f'"{rule.__module__.rpartition(".")[2]}"', _strings(rule.layers), str(rule.enabled)]
    parts += [_strings(rule.needs)] if rule.needs else []
    inside = ", ".join(parts)
    if len(f"{head}{inside}),") <= _LONGEST_LINE:
        return f"{head}{inside}),\n"
    if len(inside) + 8 <= _LONGEST_LINE:
        return f"{head}\n        {inside}\n    ),\n"
    if len(parts[1]) + 9 > _LONGEST_LINE:
        parts[1] = _one_by_one(rule.layers)
    lines = "".join(f"        {part},\n" for part in parts)
    return f"{head}\n{lines}    ),\n"


def _one_by_one(words: Sequence[str]) -> str:
    lines = "".join(f'            "{word}",\n' for word in words)
    return f"(\n{lines}        )"


def _strings(words: Sequence[str]) -> str:
    quoted = ", ".join(f'"{word}"' for word in words)
    return f"({quoted},)" if len(words) == 1 else f"({quoted})"


def _rules() -> list[type[Lint]]:
    """The rules of the linter by code, those included that the index does not have yet."""
    for file in sorted((ROOT / "compiler" / "lint").glob("*.py")):
        importlib.import_module(f"dotnn.compiler.lint.{file.stem}")
    found = [one for one in CATALOGUE.values() if issubclass(one, Lint)]
    return sorted(found, key=lambda one: one.code)


def _lint_rules(family: str) -> str:
    rows = [
        (f"`{one.code}`", f"`{_file_name(one)}`", _by_itself(one), _summary(one))
        for one in _rules()
        if one.code.startswith(family)
    ]
    return _table(("code", "name", "by itself", "what it finds"), rows)


def _by_itself(rule: type[Lint]) -> str:
    options = " or ".join(name if name == "budgets" else f"`--{name}`" for name in rule.needs)
    # A part of a rule that is less certain is a hint.
    severities = dict.fromkeys([rule.severity, *(part.severity for part in rule.__subclasses__())])
    return (" or ".join(map(str, severities)) if rule.enabled else "off") + (f", with {options}" if options else "")


def _retired(_: str) -> str:
    return _table(("warning", "rule"), [(f"`{before}`", f"`{now}`") for before, now in RETIRED.items()])


def _file_name(rule: type[Lint]) -> str:
    return rule.__module__.rpartition(".")[2].replace("_", "-")


def _summary(rule: type[Lint]) -> str:
    return next(one.summary for one in codes() if one.code == rule.code)


def _planted(part: str) -> str:
    """What is found of faults that are planted into sound networks: ``table``, ``sources`` or ``missed``."""
    return _planted_parts()[part]


@functools.cache
def _planted_parts() -> dict[str, str]:
    """In a process of its own, which has the index of the rules as it was written just now."""
    script = ROOT / "benchmarks" / "planted_faults.py"
    done = subprocess.run([sys.executable, script, "--json"], cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def with_regions(text: str) -> str:
    """A page with its regions written anew."""
    with Sessions() as sessions:
        return _REGION.sub(
            lambda match: f"{match['head']}{_region(match['name'], match['body'], sessions)}\n{match['tail']}", text
        )


def _region(name: str, body: str, sessions: Sessions) -> str:
    """What stands in a region: the output of commands, or one of the tables."""
    kind, _, rest = name.partition(" ")
    return sessions.shown(rest, body) if kind == "session" else _REGIONS[kind](rest)


# --- commands --------------------------------------------------------------------------------------------------------


@functools.cache
def command_output(command: str, color: bool = False) -> str:
    """What a command prints to its standard output, run in the root of the repository."""
    program, *arguments = shlex.split(command)
    if program != "dotnn":
        raise ValueError(f"not a command of dotnn: {command}")
    done = subprocess.run(
        [sys.executable, "-m", "dotnn", *arguments],
        cwd=ROOT,
        env=_environment(color),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    if not done.stdout:
        raise ValueError(f"{command} printed nothing: {done.stderr}")
    return "\n".join(line.rstrip() for line in done.stdout.rstrip().splitlines())


def _command(command: str) -> str:
    return f"```console\n$ {command}\n{command_output(command)}\n```"


class Sessions(ExitStack):
    """Commands of a page that build on each other, run in copies of folders of this repository.

    A region has the commands itself, each on a line behind ``$``; all regions of a page that name a folder go on in the
    same copy, which is the root of a repository, so that no settings from elsewhere count.
    """

    def __init__(self) -> None:
        super().__init__()
        self._copies: dict[str, Path] = {}

    def shown(self, folder: str, body: str) -> str:
        """The commands of a region with what they print now, to standard output and to standard error."""
        commands = [line.removeprefix("$ ") for line in body.splitlines() if line.startswith("$ ")]
        lines = [line for command in commands for line in (f"$ {command}", *self._run(command, self._copy(folder)))]
        return "\n".join(("```console", *lines, "```"))

    def _copy(self, folder: str) -> Path:
        if folder not in self._copies:
            copy = Path(self.enter_context(TemporaryDirectory())) / "copy"
            shutil.copytree(ROOT / folder, copy)
            (copy / ".git").mkdir()
            self._copies[folder] = copy
        return self._copies[folder]

    @staticmethod
    def _run(command: str, folder: Path) -> list[str]:
        done = subprocess.run(
            ["bash", "-c", f'dotnn() {{ "$PYTHON" -m dotnn "$@"; }}\n{command}'],
            cwd=folder,
            env=_environment(color=False) | {"PYTHON": sys.executable},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        return [line.rstrip() for line in done.stdout.splitlines()]


def _environment(color: bool) -> dict[str, str]:
    hidden = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    return environment | {"PYTHONIOENCODING": "utf-8", "FORCE_COLOR" if color else "NO_COLOR": "1"}


def _file(path: str) -> str:
    """A file of this repository."""
    text = (ROOT / path).read_text(encoding="utf-8").rstrip()
    return f"```{_LANGUAGES[Path(path).suffix]}\n{text}\n```"


def _output(command: str) -> str:
    return f"```text\n{command_output(command)}\n```"


def picture() -> str:
    """The output of `dotnn check` on a wrong file, as a picture of a terminal."""
    from rich.console import Console
    from rich.text import Text

    lines = Text.from_ansi(command_output(PICTURED, color=True))
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=120, file=nowhere, force_terminal=True)
        console.print(Text(f"$ {PICTURED}\n"), lines, sep="")
    svg = console.export_svg(title="dotnn check", unique_id="dotnn-error")
    # A picture must not load fonts from elsewhere; the names of fonts that most machines have remain.
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)


def picture_text(svg: str) -> str:
    """The words of a picture."""
    return html.unescape(re.sub(r"<[^>]+>", "", svg)).replace("\u00a0", " ")


# --- tables ----------------------------------------------------------------------------------------------------------


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _limits(_: str) -> str:
    defaults = dataclasses.asdict(Limits())
    rows = [(f"`{name}`", f"{defaults[name]:,}", meaning) for name, meaning in Limits.meanings().items()]
    return _table(("limit", "default", "what it counts"), rows)


def _codes(families: str) -> str:
    rows = [(f"`{one.code}`", one.name, one.summary) for one in codes() if one.code.startswith(tuple(families.split()))]
    return _table(("code", "name", "what it says"), rows)


def _options(command: str) -> str:
    name = command.replace("-", "_")
    declared = getattr(importlib.import_module(f"dotnn.cli.{name}"), name).params
    options = [one for one in declared if isinstance(one, click.Option)]
    return _table(
        ("option", "what it does"), [(f"`{_usage(one)}`", f"{one.help}{_default_option(one)}") for one in options]
    )


def _usage(option: click.Option) -> str:
    """The names of an option, the short one first, and what it takes."""
    flags = ", ".join(sorted(option.opts, key=len))
    if isinstance(option.type, click.Choice):
        return f"{flags} {'|'.join(option.type.choices)}"
    return flags if option.is_flag else f"{flags} {option.metavar}"


def _default_option(option: click.Option) -> str:
    return f" Default: `{option.default}`." if option.show_default else ""


def _source(place: str) -> str:
    """What a file says of a class, a function or a name: ``compiler/passes/remove_dead.py remove_dead``."""
    path, name = place.split()
    text = (ROOT / path).read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            first = node.lineno
        else:
            continue
        return "```python\n" + "\n".join(text.splitlines()[first - 1 : node.end_lineno]) + "\n```"
    raise ValueError(f"{path} has no {name}")


_STAGES = {"layers": "The layers", "lower": "The operators, as lowering makes them"}


def _levels(name: str) -> str:
    """The layers of a sample, its operators, and what every pass makes of them."""
    parts, before = [], ""
    for stage, text in stages(compile_file(DOCS / "samples" / f"{name}.nn").graph):
        title = _STAGES.get(stage, f"After `{stage}`")
        parts.append(f"{title}: the same." if text == before else f"{title}:\n\n```text\n{text.strip()}\n```")
        before = text
    return "\n\n".join(parts)


def _imports(_: str) -> str:
    rooms: dict[str, set[str]] = {}
    for top in ("compiler", "runtime", "cli"):
        for path in sorted((ROOT / top).rglob("*.py")):
            room, imported = _room(path), {_room(found) for found in _imported(path)}
            rooms.setdefault(room, set()).update(imported - {room})
    del rooms["compiler"]  # the public names, which say where each is found
    rows = [(f"`{room}`", ", ".join(f"`{one}`" for one in sorted(found)) or "nothing") for room, found in rooms.items()]
    return _table(("room", "imports"), rows)


def _room(path: Path) -> str:
    """The folder or, for a file that stands at the top of the compiler, the file; outside of it the package."""
    first, *rest = path.relative_to(ROOT).parts
    return rest[0] if first == "compiler" and rest and rest[0] != "__init__.py" else first


def _imported(path: Path) -> Iterator[Path]:
    """The files and folders that a file imports relatively, at any time but for the sake of types alone."""
    for node in ast.walk(_without_types(ast.parse(path.read_text(encoding="utf-8")))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        folder = path.parents[node.level - 1]
        for name in [node.module] if node.module else [one.name for one in node.names]:
            found = folder.joinpath(*name.split("."))
            yield found if found.is_dir() else found.with_suffix(".py")


def _without_types(tree: ast.Module) -> ast.Module:
    """A module without what stands in `if TYPE_CHECKING`."""
    tree.body = [one for one in tree.body if not (isinstance(one, ast.If) and "TYPE_CHECKING" in ast.unparse(one.test))]
    return tree


_REGIONS: dict[str, Callable[[str], str]] = {
    "command": _command,
    "output": _output,
    "file": _file,
    "imports": _imports,
    "levels": _levels,
    "source": _source,
    "limits": _limits,
    "codes": _codes,
    "rules": _lint_rules,
    "retired": _retired,
    "planted": _planted,
    "options": _options,
}


# --- layers ----------------------------------------------------------------------------------------------------------


def layer_page() -> str:
    """The page of all layers, by families."""
    families: dict[str, list[type[Layer]]] = {}
    for _, layer in sorted(LAYERS.items()):
        if layer.callable:
            families.setdefault(_family(layer), []).append(layer)
    return "\n\n".join(_layer_parts(dict(sorted(families.items())))) + "\n"


def _family(layer: type[Layer]) -> str:
    """The title of the file that defines it: one file per family."""
    return layer.__module__.rpartition(".")[2].replace("_", " ").capitalize()


def _layer_parts(families: dict[str, list[type[Layer]]]) -> Iterator[str]:
    yield "# Layers"
    yield "<!-- Written by docs/generate.py from the layers' classes. -->"
    yield (
        "Before the bar of a call stand the tensors, behind it the attributes: `a` alone goes without its name and is\n"
        "required, `a=` is required by name, `a=1` has a default, and `a?` is an optional tensor given by name.\n"
        "`dotnn layers NAME` shows the same in a terminal. What is made of layers, and used again and again, is in\n"
        "[the library](library.md)."
    )
    for family, layers in families.items():
        names = ", ".join(f"[`{layer.kind}`](#{layer.kind})" for layer in layers)
        yield f"**{family}:** {names}"
    for family, layers in families.items():
        yield f"## {family}"
        for layer in layers:
            yield from _layer(page_of(layer))


def _layer(page: LayerPage) -> Iterator[str]:
    yield f"### {page.kind}"
    yield f"```text\n{page.call}\n```"
    yield page.text
    if page.formula:
        yield f"Formula: `{page.formula}`"
    if page.arguments:
        rows = [(f"`{one.name}`", one.doc, one.expected, _default(one.default)) for one in page.arguments]
        yield _table(("argument", "meaning", "takes", "default"), rows)
    operands = [(f"`{name}`", text) for name, text in page.operands if text]
    if operands:
        yield _table(("tensor", "meaning"), operands)
    if page.weights:
        yield f"Weights: {page.weights}"
    yield f"Floats on onnxruntime's CPU: {', '.join(map(_code, page.cpu_floats))}"
    if page.source:
        yield f"Source: {page.source}."
    yield _table(("sample", "of", "gives"), [_sample(sample) for sample in _different(page.samples)])


def _default(text: str | None) -> str:
    return "required" if text is None else f"`{text}`"


def _different(samples: Sequence[Sample]) -> list[Sample]:
    """The samples without those that read alike."""
    return list({(sample.call, tuple(sample.inputs.items())): sample for sample in samples}.values())


def _sample(sample: Sample) -> tuple[str, str, str]:
    """A sample, its inputs, and the types of what comes out."""
    inputs = [f"{name}: {kind}" for name, kind in sample.inputs.items()]
    results = _results(sample, "\n".join(f"input {one}" for one in inputs))
    return tuple(_code(one) for one in (sample.expression, ", ".join(inputs), ", ".join(map(str, results))))  # type: ignore[return-value]


def _code(text: str) -> str:
    return f"`{text}`"


def _results(sample: Sample, inputs: str) -> tuple[TensorType, ...]:
    for count in range(1, _MOST_RESULTS + 1):
        names = ", ".join(f"y{index}" for index in range(count))
        text = f"model sample() {{\n{inputs}\n{names} = {sample.expression}\noutput first = y0\n}}"
        try:
            compiled = compile_source(text)
        except DotnnError as error:
            # The parts of a split must all be named.
            if error.diagnostics[0].code != "E319":
                raise
            continue
        return compiled.graph.producer(compiled.graph.outputs["first"]).results
    raise ValueError(f"{sample.call} has more than {_MOST_RESULTS} results")


# --- the library ------------------------------------------------------------------------------------------------------


def library_index() -> str:
    """The module that says in which file of the library each public block is, and what it is."""
    blocks = [block for file in library_pages() for block in file.blocks]
    return f"{_LIBRARY_HEAD}{''.join(map(_index_entry, blocks))}}}\n"


def _index_entry(block: BlockPage) -> str:
    """As ruff formats it: an entry that is too long for a line has its parts below, each on one if they must."""
    parts = [json.dumps(part, ensure_ascii=False) for part in (block.file, block.summary)]
    line = f'    "{block.name}": Indexed({", ".join(parts)}),\n'
    if len(line) <= _LONGEST_LINE + 1:
        return line
    joined = f"        {', '.join(parts)}\n"
    inside = joined if len(joined) <= _LONGEST_LINE + 1 else "".join(f"        {part},\n" for part in parts)
    return f'    "{block.name}": Indexed(\n{inside}    ),\n'


def library_page() -> str:
    """The page of the library, by files."""
    return "\n\n".join(_library_parts([file for file in library_pages() if file.blocks])) + "\n"


def _library_parts(files: Sequence[FilePage]) -> Iterator[str]:
    yield "# The library"
    yield "<!-- Written by docs/generate.py from the files of the library. -->"
    yield (
        "Blocks that many networks are made of, written in the language itself. They come with dotnn: a path that\n"
        "begins with `dotnn/` means the library, in any file and without `.nn`. `dotnn layers NAME` shows the same in\n"
        "a terminal. A mistake in a call is told of the call, whatever line of the library it shows in."
    )
    for file in files:
        names = ", ".join(f"[`{block.name}`](#{block.name})" for block in file.blocks)
        yield f"**{file.name}:** {names}"
    for file in files:
        yield f"## {file.name}"
        yield from [file.text] if file.text else []
        for block in file.blocks:
            yield f"### {block.name}"
            yield f"```text\n{block.call}\n```"
            yield block.text
            yield from [f"```nn\n{block.sample_model}```"] if block.sample else []


if __name__ == "__main__":
    main()
