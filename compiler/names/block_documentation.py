"""Documentation of the blocks of the library, read from its files: what ``dotnn layers NAME`` and their page show.

A block is public if it has a documentation comment. That says what the block is, its first sentence being a summary,
and ends with a sample: the body of a model, indented by four blanks.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from ... import library
from ...library.index import BLOCKS
from ..diagnostics import Report
from ..diagnostics.paragraphs import fill_paragraphs
from ..layers.documentation import section, wrapped
from ..limits import Limits
from ..regular_files import read_regular
from ..source import Source
from ..syntax import tree

#: What a line of a sample begins with.
_INDENT = "    "
#: Columns of the page where none are given.
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class BlockArgument:
    """An argument of a block as it is written; without a type it is a tensor, without a default it must be given."""

    name: str
    type: str | None
    default: str | None


@dataclass(frozen=True, slots=True)
class BlockPage:
    """Everything that there is to say about a public block.

    Attributes:
        file: what an import of it names.
        results: what it returns, by name where it has one.
        text: what it is; the first paragraph begins with a summary.
        sample: the body of a model that uses it.
    """

    name: str
    file: str
    arguments: tuple[BlockArgument, ...]
    results: tuple[str, ...]
    text: str
    sample: str

    @property
    def summary(self) -> str:
        """The first sentence."""
        paragraph = " ".join(self.text.split("\n\n", 1)[0].split())
        return paragraph.partition(". ")[0].rstrip(".")

    @property
    def call(self) -> str:
        """Its signature: ``basic(x, width: int, stride: int = 1)``."""
        results = f" -> {', '.join(self.results)}" if len(self.results) > 1 else ""
        return f"{self.name}({', '.join(map(_argument_text, self.arguments))}){results}"

    @property
    def import_line(self) -> str:
        """What a file writes that uses it."""
        return library.import_line(self.name, self.file)

    @property
    def sample_model(self) -> str:
        """The sample as a file: it imports the block, and other public blocks that it calls."""
        model = f"model sample {{\n{textwrap.indent(self.sample, _INDENT)}\n}}\n"
        names: dict[str, list[str]] = {self.file: [self.name]}
        for name in _called(_parsed(Source(self.file, model), Report())):
            if name in BLOCKS and name != self.name:
                names.setdefault(BLOCKS[name].file, []).append(name)
        lines = [library.import_line(", ".join(found), file) for file, found in names.items()]
        return "\n".join((*lines, "", model))


@dataclass(frozen=True, slots=True)
class FilePage:
    """The public blocks of a file of the library, in the order of the file.

    Attributes:
        text: what the file says of itself.
    """

    name: str
    text: str
    blocks: tuple[BlockPage, ...]


def file_page(file: str) -> FilePage:
    """Read a file of the library; ``file`` is what an import writes."""
    return page_of(file, read_regular(library.library_files()[file], Limits().source_bytes))


def page_of(file: str, data: bytes) -> FilePage:
    """The documentation of a file of the library.

    Args:
        file: what an import of it names.
        data: its bytes.

    Raises:
        DotnnError: it cannot be parsed.
    """
    from ..syntax.read_source import read_source

    report = Report()
    found = _parsed(read_source(data, file, None, Limits(), report, in_library=True), report)
    if found is None:
        return FilePage(file, "", ())
    blocks = (item for item in found.items if isinstance(item, tree.Block))
    documented = ((block, found.docs.get(block.span.start, "")) for block in blocks)
    return FilePage(file, _head(found), tuple(_block_page(file, block, doc) for block, doc in documented if doc))


def _parsed(source: Source | None, report: Report) -> tree.File | None:
    # A list of the blocks needs no parser.
    from ..syntax.parse import parse

    found = None if source is None else parse(source, Limits(), report)
    report.raise_errors()
    return found


def _called(part: object) -> dict[str, None]:
    """What is called in a part of a syntax tree, each name once, in the order of the text."""
    if isinstance(part, tree.File):
        return _called(part.items)
    if isinstance(part, tuple):
        return {name: None for one in part for name in _called(one)}
    if not isinstance(part, tree.Node):
        return {}
    own = {part.function: None} if isinstance(part, tree.Call) else {}
    return own | _called(tuple(getattr(part, one.name) for one in fields(part) if one.name != "span"))


@cache
def library_pages() -> tuple[FilePage, ...]:
    """All files of the library."""
    return tuple(map(file_page, library.library_files()))


def block_page(name: str) -> BlockPage | None:
    """A public block of the library by its name; only its file is read."""
    if name not in BLOCKS:
        return None
    return next((page for page in file_page(BLOCKS[name].file).blocks if page.name == name), None)


def _head(file: tree.File) -> str:
    """The comment at the head of a file, but for one that documents what follows it."""
    lines: list[str] = []
    for comment in file.comments:
        if comment.documentation or comment.span.line != len(lines) + 1:
            break
        lines.append(comment.text)
    return "\n".join(lines)


def _block_page(file: str, block: tree.Block, doc: str) -> BlockPage:
    lines = doc.split("\n")
    first = next((index for index, line in enumerate(lines) if line.startswith(_INDENT)), len(lines))
    arguments = tuple(BlockArgument(one.name.name, _written(one.type), _written(one.default)) for one in block.formals)
    return BlockPage(
        name=block.name.name,
        file=file,
        arguments=arguments,
        results=_results(block),
        text="\n".join(lines[:first]).strip(),
        sample=textwrap.dedent("\n".join(lines[first:])).strip(),
    )


def _written(node: tree.Node | None) -> str | None:
    return None if node is None else node.span.text


def _results(block: tree.Block) -> tuple[str, ...]:
    values = next((one.values for one in block.body if isinstance(one, tree.Return)), ())
    unnamed = [f"y{place}" for place in range(len(values))] if len(values) > 1 else ["y"]
    return tuple(one.name if isinstance(one, tree.Name) else name for one, name in zip(values, unnamed, strict=False))


def _argument_text(one: BlockArgument) -> str:
    kind = "" if one.type is None else f": {one.type}"
    return f"{one.name}{kind}" + ("" if one.default is None else f" = {one.default}")


# --- what is printed --------------------------------------------------------------------------------------------------


def to_json(page: BlockPage) -> dict[str, Any]:
    """A block for programs: an editor, a table."""
    return {
        "kind": page.name,
        "file": page.file,
        "import": page.import_line,
        "call": page.call,
        "summary": page.summary,
        "text": page.text,
        "arguments": [{"name": one.name, "type": one.type, "default": one.default} for one in page.arguments],
        "results": list(page.results),
        "sample": page.sample,
    }


def block_list(width: int | None = None) -> str:
    """Every public block by its file, with its first sentence; no file of the library is read."""
    return "\n\n".join("\n".join(_list_lines(file, width)) for file in library.library_files() if _names(file))


def _names(file: str) -> list[str]:
    return [name for name, block in BLOCKS.items() if block.file == file]


def _list_lines(file: str, width: int | None) -> Iterator[str]:
    yield f'import … from "{file}"'
    longest = max(map(len, BLOCKS))
    for name in _names(file):
        line = f"{name:<{longest}}  {BLOCKS[name].summary}"
        yield f"  {line}" if width is None else wrapped(line, " " * (longest + 4), width, "  ")


def block_text(page: BlockPage, width: int | None = None) -> str:
    """Everything about a block as plain text; the sample is not broken."""
    parts = (
        wrapped(page.call, _INDENT, width or _WIDTH, ""),
        fill_paragraphs(page.text, width or _WIDTH),
        section("Import", f"  {page.import_line}"),
        section("Sample", textwrap.indent(page.sample, "  ")),
    )
    return _joined(parts)


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part)
