"""Random programs of the language, each made from a seed: inputs, statements that fit each other, and outputs."""

from .statements import Program, random_program
from .tensors import Sizes

__all__ = ["Program", "Sizes", "random_program"]
