"""Numbers of budgets."""

from __future__ import annotations

import datetime

import pytest
from dotnn.compiler.configuration.amounts import read_amount
from dotnn.compiler.diagnostics.phrases import Phrase


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (0, 0),
        (5_000_000, 5_000_000),
        (5e6, 5_000_000),
        ("5M", 5_000_000),
        ("1.5M", 1_500_000),
        ("5_000", 5_000),
        ("2 G", 2_000_000_000),
        ("20 MB", 20_000_000),
        ("20MB", 20_000_000),
        ("1.5 kB", 1_500),
        ("512 KiB", 524_288),
        ("0.5 GiB", 536_870_912),
        ("300 B", 300),
    ],
)
def test_numbers_are_read(written: object, number: int) -> None:
    assert read_amount(written, "weights_bytes") == number


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (True, "true or false"),
        ([5], "a list"),
        (datetime.date(2020, 1, 1), "a date"),
        (-1, "negative"),
        (-1.5, "negative"),
        (1.5, "not whole"),
        ("1.2345K", "not whole"),
        (float("nan"), "not whole"),
        (float("inf"), "larger"),
        (10**80, "larger"),
        ("9" * 50 + "T", "larger"),
        ("9" * 61, "is none"),
        ("5 million", "is none"),
        ("M", "is none"),
        ("", "is none"),
        ("5 iB", "is none"),
        ("5 kiB", "is none"),
        ("-5", "is none"),
        ("٣", "is none"),
        ("5 MB", "`params` counts no bytes"),
    ],
)
def test_what_is_no_number_says_why(written: object, says: str) -> None:
    found = read_amount(written, "params")
    assert isinstance(found, Phrase)
    assert says in str(found)
