"""What a stack of recurrent layers is made of: sizes, directions and the names of its parameters."""

from __future__ import annotations

from collections.abc import Iterator

from ..records import positional_record


@positional_record
class Stack:
    """The sizes of a recurrent stack.

    Attributes:
        units: size of one state.
        gates: blocks of ``units`` rows in each weight: 1 (rnn), 4 (lstm), 3 (gru).
        layers: how many layers.
        directions: 1, or 2 where every layer also reads backwards.
        bias_vectors: 0; 1, of the input; or 2, of the input and of the state.
        summed: the directions of the last layer are added, not concatenated.
        final_only: the first result is the final output, not the sequence.
    """

    units: int
    gates: int
    layers: int
    directions: int
    bias_vectors: int
    summed: bool
    final_only: bool

    @property
    def rows(self) -> int:
        """Rows of each weight, and the length of each bias."""
        return self.gates * self.units

    @property
    def states(self) -> int:
        """Leading axis of the initial and the final states."""
        return self.layers * self.directions

    @property
    def features(self) -> int:
        """Last axis of the first result."""
        return self.units if self.summed else self.directions * self.units

    @property
    def biases(self) -> tuple[str, ...]:
        """The kinds of bias vectors that there are."""
        return ("bias_ih", "bias_hh")[: self.bias_vectors]

    def inputs(self, layer: int, channels: int) -> int:
        """Channels that a layer reads, where the stack reads ``channels``."""
        return channels if layer == 0 else self.directions * self.units

    def shapes(self, channels: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Local names and shapes of all parameters, in PyTorch's order."""
        for layer in range(self.layers):
            for direction in range(self.directions):
                yield parameter("weight_ih", layer, direction), (self.rows, self.inputs(layer, channels))
                yield parameter("weight_hh", layer, direction), (self.rows, self.units)
                for bias in self.biases:
                    yield parameter(bias, layer, direction), (self.rows,)


def parameter(kind: str, layer: int, direction: int) -> str:
    """PyTorch's name of a parameter: ``weight_ih_l0``, ``bias_hh_l1_reverse``; 1 is the backward one."""
    return f"{kind}_l{layer}{'_reverse' if direction else ''}"
