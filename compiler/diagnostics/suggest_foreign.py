"""Words of PyTorch, Keras and ONNX, and what they are called here.

The tables answer for names as people write them: upper and lower case, underscores and a module in front
(``nn.Linear``) make no difference. They are advice only; no word of them is part of the language.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal

Kind = Literal["layer", "attribute"]

_DIMENSIONS = ("1d", "2d", "3d")


def _each(word: str, name: str) -> dict[str, str]:
    return {f"{word}{dimensions}": f"{name}{dimensions}" for dimensions in _DIMENSIONS}


def _any(word: str, name: str) -> dict[str, str]:
    """A word without dimensions stands for the layer of images first."""
    return {word: f"{name}2d {name}1d {name}3d"}


_LAYER_WORDS = {
    "linear": "dense",
    "fc": "dense",
    "fullyconnected": "dense",
    "innerproduct": "dense",
    "gemm": "dense",
    "mlp": "dense",
    **_any("conv", "conv"),
    **_any("convolution", "conv"),
    **_each("convolution", "conv"),
    **_any("convtranspose", "conv_transpose"),
    **_any("deconv", "conv_transpose"),
    **_each("deconv", "conv_transpose"),
    "conv1dtranspose": "conv_transpose1d",
    "conv2dtranspose": "conv_transpose2d",
    "conv3dtranspose": "conv_transpose3d",
    "depthwiseconv": "depthwise_conv2d depthwise_conv1d",
    "separableconv": "separable_conv2d separable_conv1d",
    **_any("maxpool", "max_pool"),
    **_any("maxpooling", "max_pool"),
    **_each("maxpooling", "max_pool"),
    **_any("pool", "max_pool"),
    **_any("avgpool", "avg_pool"),
    **_any("averagepool", "avg_pool"),
    **_each("averagepool", "avg_pool"),
    **_any("averagepooling", "avg_pool"),
    **_each("averagepooling", "avg_pool"),
    **_each("avgpooling", "avg_pool"),
    **_any("globalaveragepool", "global_avg_pool"),
    **_any("globalaveragepooling", "global_avg_pool"),
    **_each("globalaveragepooling", "global_avg_pool"),
    **_any("globalavgpool", "global_avg_pool"),
    **_each("globalavgpooling", "global_avg_pool"),
    **_any("gap", "global_avg_pool"),
    **_any("globalmaxpool", "global_max_pool"),
    **_any("globalmaxpooling", "global_max_pool"),
    **_each("globalmaxpooling", "global_max_pool"),
    "bn": "batch_norm",
    **dict.fromkeys(("batchnorm1d", "batchnorm2d", "batchnorm3d", "batchnormalization"), "batch_norm"),
    "ln": "layer_norm",
    "layernormalization": "layer_norm",
    "groupnormalization": "group_norm",
    "rmsnormalization": "rms_norm",
    "instancenormalization": "instance_norm",
    **dict.fromkeys(("instancenorm1d", "instancenorm2d", "instancenorm3d"), "instance_norm"),
    "lrn": "local_response_norm",
    "localresponsenormalization": "local_response_norm",
    "simplernn": "rnn",
    "elman": "rnn",
    "lstmcell": "lstm",
    "grucell": "gru",
    "selfattention": "attention multi_head_attention",
    "scaleddotproductattention": "attention",
    "mha": "multi_head_attention",
    "positionalencoding": "sinusoidal_position",
    "cat": "concat",
    "concatenate": "concat",
    "merge": "concat",
    "chunk": "split",
    "view": "reshape",
    "permute": "transpose",
    "broadcastto": "expand",
    "expanddims": "unsqueeze",
    "reverse": "flip",
    "average": "mean",
    **{f"reduce{name}": name for name in ("mean", "sum", "max", "min")},
    "globalmean": "mean",
    **{f"zeropadding{dimensions}": "pad" for dimensions in _DIMENSIONS},
    **dict.fromkeys(("zeropad2d", "reflectionpad2d", "replicationpad2d"), "pad"),
    **dict.fromkeys(("upsampling1d", "upsampling2d", "upsampling3d", "upsamplingnearest2d"), "upsample"),
    "interpolate": "resize upsample",
    "depthtospace": "pixel_shuffle",
    "swish": "silu",
    "hardtanh": "clip",
    "clamp": "clip",
    "logistic": "sigmoid",
    "heaviside": "step",
    "threshold": "step",
    "dropout1d": "spatial_dropout",
    "dropout2d": "spatial_dropout",
    "dropout3d": "spatial_dropout",
    **{f"spatialdropout{dimensions}": "spatial_dropout" for dimensions in _DIMENSIONS},
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


def foreign(kind: Kind, name: str) -> str | None:
    """The dotnn word for another framework's word, the likeliest where there are several, or None."""
    return next(iter(foreign_words(kind, name)), None)


def foreign_words(kind: Kind, name: str) -> tuple[str, ...]:
    """All dotnn words that another framework's word may stand for, the likeliest first."""
    return tuple(_WORDS[kind].get(_key(name), "").split())


def foreign_note(kind: Kind, name: str) -> str | None:
    """What to do instead about another framework's word that has no counterpart, or None."""
    return _NOTES[kind].get(_key(name))


def _key(name: str) -> str:
    return name.rpartition(".")[2].replace("_", "").casefold()
