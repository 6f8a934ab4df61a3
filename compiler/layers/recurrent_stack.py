"""What a stack of recurrent layers is made of: sizes, directions and the names of its parameters."""

from __future__ import annotations

from collections.abc import Iterator

from ..records import positional_record


@positional_record
class Stack:
    """The sizes of a recurrent stack.

    Attributes:
        units: size of one state.
        layers: how many layers.
        directions: 1, or 2 where every layer also reads backwards.
        biases: kinds of bias vectors that there are: none, that of the input, or those of the input and of the state.
        summed: the directions of the last layer are added, not concatenated.
        final_only: the first result is the final output, not the sequence.
    """

    units: int
    layers: int
    directions: int
    biases: tuple[str, ...]
    summed: bool
    final_only: bool

    @property
    def states(self) -> int:
        """Leading axis of the initial and the final states."""
        return self.layers * self.directions

    @property
    def features(self) -> int:
        """Last axis of the first result."""
        return self.units if self.summed else self.directions * self.units

    def inputs(self, channels: int) -> tuple[int, ...]:
        """Channels that each layer reads, where the stack reads ``channels``."""
        return (channels, *(self.directions * self.units,) * (self.layers - 1))

    def parameters(self, channels: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Local names of all parameters and their axes behind that of the rows, in PyTorch's order."""
        for layer, inputs in enumerate(self.inputs(channels)):
            for direction in range(self.directions):
                yield parameter("weight_ih", layer, direction), (inputs,)
                yield parameter("weight_hh", layer, direction), (self.units,)
                for bias in self.biases:
                    yield parameter(bias, layer, direction), ()


def parameter(kind: str, layer: int, direction: int) -> str:
    """PyTorch's name of a parameter: ``weight_ih_l0``, ``bias_hh_l1_reverse``; 1 is the backward one."""
    return f"{kind}_l{layer}{'_reverse' if direction else ''}"
