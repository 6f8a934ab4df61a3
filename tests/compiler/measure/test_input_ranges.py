"""Which integers random inputs may hold: what the layers say of them, held against what onnxruntime takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dotnn import Session, compile_source
from dotnn.compiler.dims import format_dim
from dotnn.compiler.measure.input_ranges import input_ranges
from dotnn.runtime import random_feeds


def ranges(body: str) -> dict[str, tuple[int, str]]:
    graph = compile_source(f"model m {{ {body} }}").graph
    return {one.input: (one.low, format_dim(one.high)) for one in input_ranges(graph)}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("input x: int64[N, T] output y = x -> embedding(20, dim=3)", {"x": (0, "19")}),
        ("input x: int32[N, T] output y = x -> embedding(1, dim=3)", {"x": (0, "0")}),
        # Moved about, and read twice.
        ("input x: int64[N, 4] output y = x[:, 1:] -> flip(axis=1) -> embedding(7, dim=2)", {"x": (0, "6")}),
        (
            "input x: int64[N, 4] output y = x -> embedding(7, dim=2) "
            "output z = x -> reshape([4*N]) -> embedding(5, dim=2)",
            {"x": (0, "4")},
        ),
        (
            "input a: int64[N, 2] input b: int64[N, 3] output y = concat(a, b) -> embedding(9, dim=2) "
            "output z = a -> embedding(3, dim=1)",
            {"a": (0, "2"), "b": (0, "8")},
        ),
        # Computed with: only what every layer takes is certain.
        ("input x: int64[N, 4] output y = x + 1 -> embedding(7, dim=2)", {"x": (0, "1")}),
        ("input x: float32[N, T, 3] input n: int64[N] output y = lstm(x, 4, lengths=n)", {"n": (0, "T")}),
        ("input x: float32[N, 5, 3] input n: int32[N] output y = gru(x, 4, lengths=n)", {"n": (0, "5")}),
        # Nothing bounds them.
        ("input x: int64[N] input y: int8[N] output a = x + x output b = y -> reshape([N, 1])", {"x": (0, "99")}),
        ("input x: float32[N, 3] output y = x -> relu", {}),
    ],
)
def test_the_layers_bound_the_inputs(body: str, expected: dict[str, tuple[int, str]]) -> None:
    assert ranges(body) == expected


TAGGER = """model tagger {
    input words: int64[N, T]
    input lengths: int64[N]
    output y = gru(words -> embedding(50, dim=3), 4, lengths=lengths)
}"""


def test_a_file_tells_its_ranges_and_onnxruntime_takes_all_of_them(tmp_path: Path) -> None:
    compiled = compile_source(TAGGER)
    compiled.save(tmp_path / "tagger.onnx")
    for session in (Session(compiled), Session(tmp_path / "tagger.onnx")):
        assert session.ranges == {"words": (0, "49"), "lengths": (0, "T")}
        feeds = random_feeds(session.inputs, 1, {"N": 400, "T": 3}, session.demands, session.ranges)
        words, lengths = feeds.arrays["words"], feeds.arrays["lengths"]
        assert (words.min(), words.max()) == (0, 49)
        assert set(lengths.tolist()) == {0, 1, 2, 3}
        assert np.isfinite(session.run(feeds.arrays)["y"]).all()


def test_a_free_sequence_has_more_than_one_step() -> None:
    session = Session(compile_source(TAGGER))
    assert random_feeds(session.inputs, 1, {}, session.demands, session.ranges).sizes == {"N": 1, "T": 8}
