"""Nested lists of numbers as tensors: where what is wrong with them is shown."""

from __future__ import annotations

import pytest
from dotnn import check


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("[[1, 2], [3]]", "[3]"),
        ("[[[1, 2], [3, 4]], [[5, 6], [7, 8, 9]]]", "[7, 8, 9]"),
        ("[[[1, 2], [3, 4]], [[5, 6]]]", "[[5, 6]]"),
        ("[[1, 2],  # [3]\n    [4, 5],\n    [6]]", "[6]"),
        ("[[1, 2], 3]", "[[1, 2], 3]"),
        ("[ROW, [3]]", "[ROW, [3]]"),
    ],
)
def test_the_uneven_row_is_shown_where_it_is_written(written: str, place: str) -> None:
    head = "const ROW = [1, 2]\nmodel net {\n input x: float32[N, 2]\n"
    text = f"{head} output y = x -> dense(2, weight={written})\n}}\n"
    (error,) = check("net.nn", text=text).errors
    assert error.code == "E317"
    assert error.span is not None
    assert error.span.text == place
