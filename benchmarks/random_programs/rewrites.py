"""All rewrites, by name."""

from __future__ import annotations

import random

from .rewriting import Rewritten, Rule, rewritten
from .rewriting_catalogue import CATALOGUE_RULES
from .rewriting_layers import LAYER_RULES
from .rewriting_syntax import SYNTAX_RULES, numbers_for_sizes
from .rewriting_values import VALUE_RULES
from .statements import Program


def rules_for(program: Program) -> dict[str, Rule]:
    """All rules, those that write a size of the program in numbers among them."""
    rules = {**SYNTAX_RULES, **VALUE_RULES, **LAYER_RULES, **CATALOGUE_RULES}
    return {**rules, "numbers_for_sizes": numbers_for_sizes(program.sizes)}


def in_other_words(program: Program, source: random.Random, most: int = 8) -> Rewritten:
    """The program with some rewrites at random places."""
    return rewritten(program, source, rules_for(program), source.randint(1, most))
