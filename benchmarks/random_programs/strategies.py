"""Random programs as a strategy of hypothesis, which makes a program that fails as small as it can.

@given(programs())
def test_every_build_gives_the_references_numbers(program):
    assert not check_program(program).differences
"""

from __future__ import annotations

import random

from hypothesis import reject
from hypothesis import strategies as st

from .rewrites import in_other_words
from .rewriting import Rewritten
from .statements import Program, program_from
from .tensors import Misfit


def programs(fewest: int = 1) -> st.SearchStrategy[Program]:
    """Whole programs of at least so many statements.

    The generator draws from a source of randomness that hypothesis keeps the books of: a smaller number anywhere gives
    a program with fewer statements, fewer stages, or simpler ones.
    """
    return st.randoms(use_true_random=False).map(lambda source: _program(source, fewest))


def rewritten_programs() -> st.SearchStrategy[Rewritten]:
    """Programs in other words, beside the originals."""
    return st.randoms(use_true_random=False).map(lambda source: in_other_words(_program(source, 1), source))


def _program(source: random.Random, fewest: int) -> Program:
    try:
        return program_from(source, fewest=fewest)
    except Misfit:
        # Nothing fitted that there was.
        reject()
