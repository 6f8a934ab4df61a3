"""What PyTorch, Keras and ONNX call attributes, and what they are called here; those of layers stand in their classes.

The tables answer for names as people write them: upper and lower case, underscores and a module in front
(``nn.Linear``) make no difference. They are advice only; no word of them is part of the language.
"""

from __future__ import annotations

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
    "negativeslope": "slope",
    "numparameters": "per_channel",
    "sharedaxes": "per_channel",
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
    **dict.fromkeys(("minval", "minvalue", "clipvaluemin"), "low"),
    **dict.fromkeys(("maxval", "maxvalue", "clipvaluemax"), "high"),
    "normtype": "p",
    "paddingmode": "mode",
    "constantvalue": "value",
    "constantvalues": "value",
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
    **dict.fromkeys((f"{one}initializer" for one in ("kernel", "depthwise", "pointwise", "gamma", "alpha")), "init"),
    "weightinit": "init",
    "initializer": "init",
    "embeddingsinitializer": "init",
    "biasinitializer": "bias_init",
    "betainitializer": "bias_init",
    "weights": "weight",
}

_INFERRED = "the compiler sees it in the type of the input: leave it out"
_ONE_WIDTH = (
    "query, key and value have one width, which the heads divide: leave it out, or put a `dense` before the layer"
)
_NO_SCORES = "what a query attends to is no result: leave it out"

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
    "paddingmode": 'it pads zeros; for others write `-> pad(1, mode="reflect")` before it, and no padding here',
    "keepprob": "`rate` is the part that is set to 0: write 1 minus this number",
    "dropout": "nothing is dropped inside of this layer: leave it out, or write `-> dropout(0.1)` behind it",
    "recurrentdropout": "nothing is dropped from step to step: leave it out",
    **dict.fromkeys(("keydim", "valuedim", "kdim", "vdim"), _ONE_WIDTH),
    **dict.fromkeys(("needweights", "returnattentionscores"), _NO_SCORES),
    "keypaddingmask": "`mask=` is true for what counts: `mask=valid -> unsqueeze(axis=1)`, where `valid` is `[N, S]`",
    "aligncorners": "pixels are centred here; `resize` takes `align_corners=`",
    "depthradius": "`size` counts all channels of the window: 2 * depth_radius + 1",
    "divisoroverride": "the sum of a window may be divided by any number: `(x -> sum_pool2d(2)) / 3`",
    "returnindices": "where the greatest numbers stood is no result: leave it out",
    "trackrunningstats": "running statistics are always kept: leave it out",
    **dict.fromkeys(
        [f"{one}{end}" for one in ("kernel", "bias", "activity", "recurrent") for end in ("regularizer", "constraint")],
        "it acts while training only: leave it out",
    ),
    "training": "what is built runs, and is not trained: leave it out",
    "inplace": "values are never changed in place: leave it out",
    "device": "the device is chosen when the model runs: leave it out",
    "seed": "the model has one seed, `--seed`: leave it out",
}


def attribute_words(name: str) -> tuple[str, ...]:
    """All attributes that another framework's word for one may stand for, the likeliest first."""
    return tuple(_ATTRIBUTE_WORDS.get(plain_word(name), "").split())


def attribute_note(name: str) -> str | None:
    """What to do instead about another framework's attribute that has no counterpart, or None."""
    return _ATTRIBUTE_NOTES.get(plain_word(name))


def is_left_out(name: str) -> bool:
    """Whether another framework's attribute is left out here, because nothing is lost without it."""
    return (attribute_note(name) or "").endswith("leave it out")


def plain_word(name: str) -> str:
    """A name in the form that words are compared in."""
    return name.rpartition(".")[2].replace("_", "").casefold()
