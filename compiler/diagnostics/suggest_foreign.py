"""Words of PyTorch, Keras and ONNX, and what they are called here; those of layers stand in their classes.

The tables answer for names as people write them: upper and lower case, underscores and a module in front
(``nn.Linear``) make no difference. They are advice only; no word of them is part of the language.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal

Kind = Literal["layer", "attribute"]

#: Words for layers that there are none of yet, and that blocks are named after; layers know their own.
_LAYER_WORDS = {
    "convtranspose": "conv_transpose2d conv_transpose1d conv_transpose3d",
    "conv1dtranspose": "conv_transpose1d",
    "conv2dtranspose": "conv_transpose2d",
    "conv3dtranspose": "conv_transpose3d",
    "deconv": "conv_transpose2d conv_transpose1d conv_transpose3d",
    "deconv1d": "conv_transpose1d",
    "deconv2d": "conv_transpose2d",
    "deconv3d": "conv_transpose3d",
    "depthwiseconv": "depthwise_conv2d depthwise_conv1d",
    "separableconv": "separable_conv2d separable_conv1d",
    "ln": "layer_norm",
    "layernormalization": "layer_norm",
    "groupnormalization": "group_norm",
    "rmsnormalization": "rms_norm",
    "instancenormalization": "instance_norm",
    **dict.fromkeys(("instancenorm1d", "instancenorm2d", "instancenorm3d"), "instance_norm"),
    "selfattention": "attention multi_head_attention",
    "scaleddotproductattention": "attention",
    "mha": "multi_head_attention",
    "positionalencoding": "sinusoidal_position",
    **{f"reduce{name}": name for name in ("sum", "max", "min")},
    **dict.fromkeys(("zeropadding1d", "zeropadding2d", "zeropadding3d"), "pad"),
    **dict.fromkeys(("zeropad2d", "reflectionpad2d", "replicationpad2d"), "pad"),
    **dict.fromkeys(("upsampling1d", "upsampling2d", "upsampling3d", "upsamplingnearest2d"), "upsample"),
    "interpolate": "resize upsample",
    "depthtospace": "pixel_shuffle",
    "swish": "silu",
    "hardtanh": "clip",
    "clamp": "clip",
    **dict.fromkeys(("dropout1d", "dropout2d", "dropout3d"), "spatial_dropout"),
    **dict.fromkeys(("spatialdropout1d", "spatialdropout2d", "spatialdropout3d"), "spatial_dropout"),
    "astype": "cast",
}

_ATTRIBUTE_WORDS = {
    "outchannels": "filters",
    "channelsout": "filters",
    "channels": "filters",
    "numfilters": "filters",
    "numoutput": "units filters",
    "outfeatures": "units",
    "features": "units filters",
    "hiddensize": "units",
    "hiddenunits": "units",
    "hidden": "units",
    "numunits": "units",
    "outputdim": "dim units",
    "embeddingdim": "dim",
    "numembeddings": "vocabulary",
    "inputdim": "vocabulary",
    "vocabsize": "vocabulary",
    "kernelsize": "kernel",
    "kernelshape": "kernel",
    "filtersize": "kernel",
    "poolsize": "kernel",
    "window": "kernel",
    "strides": "stride",
    "subsample": "stride",
    "pads": "padding",
    "pad": "padding",
    "dilationrate": "dilation",
    "dilations": "dilation",
    "group": "groups",
    "numgroups": "groups",
    "depthmultiplier": "multiplier",
    "usebias": "bias",
    "center": "bias",
    "affine": "scale bias",
    "elementwiseaffine": "scale bias",
    "epsilon": "eps",
    "ceilmode": "ceil",
    "p": "rate",
    "prob": "rate",
    "dropoutrate": "rate dropout",
    "droprate": "rate",
    "keepprob": "rate",
    "negativeslope": "slope",
    "alpha": "slope",
    "dim": "axis",
    "dims": "axis order",
    "axes": "axis",
    "normalizedshape": "axis",
    "perm": "order",
    "permutation": "order",
    "keepdim": "keepdims",
    "targetshape": "shape",
    "newshape": "shape",
    "startdim": "start",
    "enddim": "end",
    "scalefactor": "factor",
    "upscalefactor": "factor",
    "blocksize": "factor",
    "outputsize": "size",
    "interpolation": "mode",
    "min": "low",
    "max": "high",
    "minval": "low",
    "maxval": "high",
    "dtype": "type",
    "to": "type",
    "numlayers": "layers",
    "numheads": "heads",
    "iscausal": "causal",
    "usecausalmask": "causal",
    "attnmask": "mask",
    "attentionmask": "mask",
    "mergemode": "merge",
    "nonlinearity": "activation",
    "returnsequence": "return_sequences",
    "sequencelens": "lengths",
    "initialstate": "initial_h",
    "h0": "initial_h",
    "c0": "initial_c",
    "numclasses": "classes",
    "depth": "classes",
    "kernelinitializer": "init",
    "weightinit": "init",
    "initializer": "init",
    "embeddingsinitializer": "init",
    "biasinitializer": "bias_init",
    "weights": "weight",
}

_INFERRED = "the compiler sees it in the type of the input: leave it out"

_LAYER_NOTES = {
    "add": "addition is written `a + b`",
    "sub": "subtraction is written `a - b`",
    "subtract": "subtraction is written `a - b`",
    "mul": "multiplication is written `a * b`",
    "multiply": "multiplication is written `a * b`",
    "div": "division is written `a / b`",
    "identity": "leave it out: the arrow passes the value on",
    "sequential": "a chain of stages needs no container: write `x -> a -> b`, or `x -> name: { a -> b }`",
    "modulelist": "write the stages one after the other, or fold them with `repeat` or `for`",
    "activation": "an activation is a stage of its own: write `-> relu`",
    "input": "write `input name: float32[N, 3, 224, 224]` at the start of the model",
    "inputlayer": "write `input name: float32[N, 3, 224, 224]` at the start of the model",
    "bidirectional": "bidirectional reading is an attribute: write `lstm(64, bidirectional=true)`",
    "timedistributed": "`dense` and the activations already work on every step: leave it out",
    "lambda": "write the arithmetic itself, or a `block`",
}

_ATTRIBUTE_NOTES = {
    **dict.fromkeys(("inchannels", "infeatures", "inputsize", "inputchannels", "numfeatures"), _INFERRED),
    **dict.fromkeys(("inputshape", "batchinputshape", "inputlength"), _INFERRED),
    "embeddim": _INFERRED,
    "activation": "an activation is a stage of its own: write `-> relu` after the layer",
    "name": "a name is a label before the stage: write `-> name: layer(...)`",
    "trainable": "a layer is frozen by the statement `freeze label`",
    "requiresgrad": "a layer is frozen by the statement `freeze label`",
    "batchfirst": "recurrent layers always read `[N, T, C]`: leave it out",
    "timemajor": "recurrent layers always read `[N, T, C]`: leave it out",
    "dataformat": "images are always `[N, C, H, W]`: leave it out",
    "returnstate": "the states are further outputs: write `y, h = x -> gru(64)` or `y, h, c = x -> lstm(64)`",
    "gobackwards": "reading backwards is a stage: write `-> flip(axis=1)` before the layer",
    "paddingmode": "only zeros are padded: leave it out",
    "trackrunningstats": "running statistics are always kept: leave it out",
    "inplace": "values are never changed in place: leave it out",
    "device": "the device is chosen when the model runs: leave it out",
    "seed": "the model has one seed, `--seed`: leave it out",
}

_WORDS: MappingProxyType[Kind, dict[str, str]] = MappingProxyType(
    {"layer": _LAYER_WORDS, "attribute": _ATTRIBUTE_WORDS}
)
_NOTES: MappingProxyType[Kind, dict[str, str]] = MappingProxyType(
    {"layer": _LAYER_NOTES, "attribute": _ATTRIBUTE_NOTES}
)


def foreign_words(kind: Kind, name: str) -> tuple[str, ...]:
    """All dotnn words that another framework's word may stand for, the likeliest first, but for those of layers."""
    return tuple(_WORDS[kind].get(plain_word(name), "").split())


def foreign_note(kind: Kind, name: str) -> str | None:
    """What to do instead about another framework's word that has no counterpart, or None."""
    return _NOTES[kind].get(plain_word(name))


def plain_word(name: str) -> str:
    """A name in the form that words are compared in."""
    return name.rpartition(".")[2].replace("_", "").casefold()
