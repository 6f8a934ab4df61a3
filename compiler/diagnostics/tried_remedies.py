"""What may mend a shape that does not fit, as requests: each is offered only if trying it leaves no error behind."""

from __future__ import annotations

from .phrases import Phrases


class TriedRemedy(Phrases):
    """Requests, each of which the lines that are changed stand below."""

    PAD = "let {layers} keep the size by padding"
    UNSTRIDE = "let {layers} keep the size, without a stride"
    MULTIPLY = "let {layers} multiply the size by the stride: `{written}`"
    PROJECT = "project the skip connection to the shape of the other side: `{stage}`"
    STRIDE = "give `{name}` in line {line}, which skips, the stride of the other side: `stride={stride}`"
    FILTERS = "let `{name}` in line {line} give as many channels as the other side has: {size}"
    UNITS = "let `{name}` in line {line} give {size}"
    JOIN = "lay both side by side instead of adding them, by `concat`"
    JOIN_ALONG = "join them along axis {axis}, the one in which they differ"
    RESIZE = "bring one side to the rows and columns of the other: `{stage}`"
    WIDER = "take sizes that {divisor} divides: `{declared}`"
    SAME_PADDING = "pad, so that the window fits: `padding={padding}`"
    SMALLER_KERNEL = "use a window that fits: `kernel={kernel}`"
    LEAVE_OUT = "leave out `{name}` in line {line}"
    LEAVE_OUT_MAKER = "leave out `{name}`: `{kind}` reads what it was given"
    MOVE_FLATTEN = "put `flatten` behind the layers of images, before `dense`"
    FLATTEN = "make one axis of all features before it: `-> flatten`"
    POOL = "take the mean of every channel before it: `-> {stage}`"
    POOL_FIRST = "take the mean of every channel, which needs no size: `{stage}` before `flatten`"
    WRITE_AXIS = "say which axis is meant: `axis={axis}`"
    ADD_AXIS = "give it the axis that is missing: `-> {stage}`"
    ONE_STEP = "read it as a sequence of one step: `-> {stage}`"
    ONE_NUMBER = "read its numbers as the steps of a sequence: `-> {stage}`"
    AXES_BEHIND = "put axes behind the shorter side: `-> {stage}`"
    AXES_AND_UNITS = "let `{name}` in line {line} give as many channels as the other side has, and put axes behind it"
    ALL_STEPS = "let `{name}` in line {line} give all its steps, which `{kind}` reads: `return_sequences=true`"
    IMAGE = "read the features as an image: `-> {stage}`"
    SEQUENCE = "read the positions of an image as a sequence: `-> {stage}`"
    SIBLING = "write `{sibling}`, which reads as many axes"
    BATCH = "begin the type of `{name}` with the axis of the examples: `{declared}`"
    NUMBER = "write `{argument}={number}`"
    SIZE_OF_SHAPE = "write a shape of as many elements: `{shape}`"
    PARTS = "write parts that add up: `{parts}`"
    REST = "let the last entry of the shape take what is left: `-1`"
    DECLARE = "declare what the value is: `{declared}`"
    WIDTH = "bring it to the same number of channels: `-> {stage}`"
    TRANSPOSE = "swap the axes: `-> {stage}`"


class Layers(Phrases):
    """Layers in such a request."""

    ONE = "`{name}` in line {line}"
    BOTH = "both `{name}` in line {line}"
    TWO = "{one} and {other}"
    MANY = "{count} layers before it"
