"""Texts, and what tests ask of their trees."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from dotnn.compiler.diagnostics import Report
from dotnn.compiler.limits import Limits
from dotnn.compiler.source import Source, Span
from dotnn.compiler.syntax import tree
from dotnn.compiler.syntax.parse import parse, parse_value
from dotnn.compiler.syntax.read_source import read_source

MNIST = """\
## The CNN of the lecture: 61,482 parameters.
model mnist_cnn(classes: int = 10) {
    input image: float32[N, 1, 28, 28]

    output probabilities = image
        -> conv2d(32, kernel=3) -> relu
        -> max_pool2d(2)
        -> flatten
        ## The head.
        -> dense(classes) -> softmax   # as logits

    expect params == 61_482
    expect probabilities.shape == [N, classes]
}
"""

RESNET = """\
import stem, head from "blocks/stem.nn"
const mean: float32[3, 1, 1] = [[[0.485]], [[0.456]], [[0.406]],]
const budget = 5M

block bottleneck(x, width: int, stride: int = 1,) {
    out = 4 * width
    main = x
        -> conv1: conv2d(width, kernel=1, bias=false) -> bn1: batch_norm -> relu
        -> conv3: conv2d(out, kernel=1, bias=false) -> bn3: batch_norm
    skip = if stride != 1 or x.channels != out {
        x -> downsample: { 0: conv2d(out, kernel=1, stride=stride, bias=false) -> 1: batch_norm }
    } else if not (width > 3 and true) { -x ** 2 } else { x[:, 0, 1:-1] }
    return main + skip -> relu
}

block stage(x, width: int, blocks: int, stride: int = 1) {
    parameter gamma: float32[width] = constant(1e-6)
    y, h, _ = (x -> 0: bottleneck(width, stride=stride)) * gamma
             -> for i, j in range(1, blocks) { layers.{i}.block{i + j}: bottleneck(width) -> repeat(2) { relu } }
    z: float32[N, 64] = y
    return z -> if.in: reuse(layers.{1}.block0), x.input
}

model resnet(classes: int = 10) {
    input image: float32[N, 3, 224, 224]
    input flag: bool
    output logits = concat(image, f(a, in=3, if="x\\n\\"q\\u{1F600}"), axis=1) -> fc: dense(classes)
    freeze conv1, layer1.0, layer{1 + 1}
    expect params <= 25_557K
}
"""


def parsed(text: str, limits: Limits | None = None) -> tuple[tree.File, Report]:
    report = Report()
    file = parse(Source("test.nn", text), limits or Limits(), report)
    assert file is not None
    return file, report


def items_of(text: str) -> tuple[tree.Item, ...]:
    file, report = parsed(text)
    assert [str(d.span) + d.headline() for d in report.diagnostics] == []
    return file.items


def value_of(text: str) -> tree.Expression:
    report = Report()
    value = parse_value(Source("value", text), Limits(), report)
    assert [d.headline() for d in report.diagnostics] == []
    assert value is not None
    return value


def statement(text: str) -> Any:
    (block,) = items_of("block b(x) { " + text + " }")
    assert isinstance(block, tree.Block)
    (only,) = block.body
    return only


def parts(node: Any) -> Iterator[tree.Node]:
    """The nodes directly below a node, through tuples."""
    below = [getattr(node, f.name) for f in dataclasses.fields(node) if f.name != "source"]
    while below:
        value = below.pop()
        if isinstance(value, tree.Node):
            yield value
        elif isinstance(value, tuple):
            below.extend(value)


def nodes(node: Any) -> Iterator[tree.Node]:
    stack = [*parts(node)]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(parts(top))


def depth(node: Any) -> int:
    return 1 + max(map(depth, parts(node)), default=0)


def bare(value: Any) -> Any:
    """A tree without its places, to compare by."""
    if isinstance(value, tuple):
        return tuple(map(bare, value))
    if not isinstance(value, tree.Node):
        return value
    named = [(f.name, bare(getattr(value, f.name))) for f in dataclasses.fields(value) if "span" not in f.name]
    return type(value).__name__, *named


def everything(value: Any) -> Any:
    """All that a tree holds, places as offsets, so that two trees of one text are compared whole."""
    if isinstance(value, tree.Node | tree.File):
        fields = {one.name: everything(getattr(value, one.name)) for one in dataclasses.fields(value)}
        return type(value).__name__, fields
    if isinstance(value, tuple):
        return tuple(map(everything, value))
    if isinstance(value, Span):
        return value.start, value.end, value.source.text
    return value.text if isinstance(value, Source) else value


def read(data: bytes, limits: Limits | None = None) -> tuple[Source | None, list[Any]]:
    report = Report()
    return read_source(data, "test.nn", None, limits or Limits(), report), list(report.diagnostics)
