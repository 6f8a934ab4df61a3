"""The driver: what a compiled model knows of its sources."""

from __future__ import annotations

from pathlib import Path

import onnx
from dotnn.compiler import compile_file, compile_source

MODEL = 'import one from "blocks.nn"\nmodel m { input x: float32[N, 4] output y = x -> one }\n'
BLOCKS = "block one(x) { return x -> dense(2) }\n"


def digest(folder: Path, blocks: str) -> str:
    (folder / "blocks.nn").write_text(blocks)
    (folder / "m.nn").write_text(MODEL)
    return compile_file(folder / "m.nn").network.module.digest


def test_the_digest_covers_imported_files(tmp_path: Path):
    first = digest(tmp_path, BLOCKS)
    assert digest(tmp_path, BLOCKS) == first
    assert digest(tmp_path, BLOCKS.replace("dense(2)", "dense(3)")) != first


def test_the_digest_of_a_single_file_is_that_of_its_text(tmp_path: Path):
    path = tmp_path / "m.nn"
    path.write_text("model m { input x: float32[N, 4] output y = x -> relu }")
    compiled = compile_file(path)
    assert compiled.network.module.digest == compiled.network.module.source.digest


def test_the_comment_of_a_parameter_reaches_its_tensor():
    text = "model m { input x: float32[N, 4]\n## A shift.\nparameter b: float32[4] = zeros\noutput y = x + b }"
    model = onnx.load_from_string(compile_source(text).to_bytes())
    assert [(tensor.name, tensor.doc_string) for tensor in model.graph.initializer] == [("b", "A shift.")]
