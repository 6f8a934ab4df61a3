"""Where onnxruntime computes a generated case of a layer otherwise than it says; a test holds that it still does.

Versions are those in which it was seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.helpers.generated_layers import LayerCase
from tests.helpers.layer_runs import Difference


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where.

    Attributes:
        kinds: of layers, as a pattern for the whole name.
        cases: what the text of the case has, as a pattern.
        differences: what the text of the difference has, as a pattern.
        reason: what is wrong with whom.
        contents: how the numbers of operands are drawn, as a pattern.
    """

    kinds: str
    cases: str
    differences: str
    reason: str
    contents: str = ""

    def excuses(self, case: LayerCase, difference: Difference) -> bool:
        return (
            self.applies_to(case.kind)
            and re.search(self.contents, case.contents) is not None
            and re.search(self.cases, repr(case)) is not None
            and re.search(self.differences, str(difference)) is not None
        )

    def applies_to(self, kind: str) -> bool:
        return re.fullmatch(self.kinds, kind) is not None


_VALUES = "^value in .*: an error of inf"

FAULTS: tuple[Fault, ...] = (
    Fault(r"(global_)?max_pool\dd", "", _VALUES, "onnxruntime 1.32 loses what is no number", contents="corners"),
    Fault("lstm|gru", "", _VALUES, "onnxruntime 1.32 clips what is no number in cells", contents="corners"),
    Fault("rnn", "relu", _VALUES, "onnxruntime 1.32 loses what is no number in ReLUs of cells", contents="corners"),
    Fault(
        "local_response_norm",
        "",
        "^value in ",
        "onnxruntime 1.32 slides sums of squares along channels in float32: a large one leaves its rounding behind, "
        "and an infinity itself",
        contents="corners|extreme|large",
    ),
)


def unexcused(case: LayerCase, found: list[Difference]) -> list[Difference]:
    """The differences that no fault explains."""
    return [one for one in found if not any(fault.excuses(case, one) for fault in FAULTS)]
