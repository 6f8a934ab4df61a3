"""A tensor less itself, or divided by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..records import record
from .base import Lint, Subject, is_own, place_of


@record
class SameOperandTwice(Lint):
    """A tensor is subtracted from itself or divided by itself, so that the result is the same for all inputs.

    That is 0, or 1. What has made the tensor learns nothing by it. Mostly one of the two should be another tensor.

    Bad:

    ```nn
    model denoiser {
        input noisy: float32[N, 1, 32, 32]
        noise = noisy -> conv2d(16, kernel=3, padding=1) -> relu -> conv2d(1, kernel=3, padding=1)
        output clean = noise - noise + noisy
    }
    ```

    Good:

    ```nn
    model denoiser {
        input noisy: float32[N, 1, 32, 32]
        noise = noisy -> conv2d(16, kernel=3, padding=1) -> relu -> conv2d(1, kernel=3, padding=1)
        output clean = noisy - noise
    }
    ```
    """

    code: ClassVar[str] = "L145"
    message: ClassVar[str] = "both sides of `{sign}` are the same tensor, so the result is {result} whatever the input"
    label: ClassVar[str] = "always {result}"
    remedy: ClassVar[str] = "name the other tensor that is meant on one side"
    layers: ClassVar[tuple[str, ...]] = ("sub", "div")

    sign: str
    result: int

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every difference and every quotient with one value on both sides."""
        for _, node in subject.of_kinds(cls.layers):
            left, right, *_ = node.operands
            if left == right and is_own(node):
                sign, result = ("-", 0) if node.kind == "sub" else ("/", 1)
                yield cls(span=place_of(node), sign=sign, result=result)
