"""Random programs of the language, each made from a seed: inputs, statements that fit each other, and outputs.

``strategies.programs`` gives them to hypothesis, and ``rewriting`` writes them in other words.
"""

from .statements import Program, program_from, random_program
from .tensors import Sizes

__all__ = ["Program", "Sizes", "program_from", "random_program"]
