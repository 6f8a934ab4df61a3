"""Layers of PyTorch, Keras and ONNX that have no layer of their own here, and what to write instead, if anything.

What a layer here is called elsewhere stands in its class. A word that stands here is never answered with a near name:
that would be another function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .suggest_foreign import plain_word

_LOSS = "a loss belongs to training, of which the text of a model says nothing: train it elsewhere and load the weights"
_OPTIMIZER = "an optimizer belongs to training, of which the text of a model says nothing"
_TRAINING_ONLY = "it acts while training only, and passes its input on when a model runs: leave it out"
_BEFORE = "it prepares the inputs: do it before they are fed"
_AUGMENTATION = "it varies examples while training: do it before they are fed"
_CODE = "it runs code of another framework; write the network that it stands for"
_CONTAINER = "a network is a `model`, and a part of one a `block`: their stages need no container"
_CELL = (
    "one step of a recurrent layer is the layer itself on a sequence of one step: `-> unsqueeze(axis=1) -> lstm(64)`"
)
_LIBRARY = 'it is in the library: write `import {0} from "{1}"` at the head of the file, and `{0}` where it is applied'
_CROP = "write an index: `x[:, :, 1:-1, 1:-1]` cuts one pixel off every side"
_LOGIC = "there are no truth values of tensors; `step` gives 1 from 0 on and 0 below, which can be multiplied"
_CHOICE = "multiply by 0 and 1: `mask * a + (1 - mask) * b`"
_QUANTIZED = "numbers are quantized after a model is built, by the tools of its runtime"
_SEQUENCE = "a value is one tensor: name several one by one, or `stack` them"
_CLASSICAL = "it is no layer of a neural network, and there is none like it here"
_TEXT = "tensors have no texts: turn them into ids before they are fed"
_RANDOM = "a model draws no numbers when it runs: feed them as an `input`"
_NONE = "there is no such layer here"
_NO_FUNCTION = "there is no such function of tensors here"

#: Sentences by the words that they answer, in the form of ``plain_word``.
_GROUPS: tuple[tuple[str, str], ...] = (
    (
        _LOSS,
        "adaptivelogsoftmaxwithloss bceloss bcewithlogitsloss ctcloss cosineembeddingloss crossentropyloss "
        "gaussiannllloss hingeembeddingloss huberloss kldivloss l1loss linearcrossentropyloss mseloss "
        "marginrankingloss "
        "multilabelmarginloss multilabelsoftmarginloss multimarginloss nllloss nllloss2d poissonnllloss smoothl1loss "
        "softmarginloss tripletmarginloss tripletmarginwithdistanceloss negativeloglikelihoodloss "
        "softmaxcrossentropyloss "
        "softmaxcrossentropy crossentropy binarycrossentropy binarycrossentropywithlogits categoricalcrossentropy "
        "sparsecategoricalcrossentropy kldiv linearcrossentropy loss meansquarederror mse",
    ),
    (_OPTIMIZER, "adam adamw adagrad momentum sgd rmsprop gradient optimizer"),
    (
        _TRAINING_ONLY,
        "alphadropout featurealphadropout gaussiandropout gaussiannoise activityregularization spectralnormalization "
        "spectralnorm droppath stochasticdepth stopgradient detach",
    ),
    (
        _BEFORE,
        "discretization hashedcrossing hashing integerlookup pipeline stftspectrogram melspectrogram imagedecoder dft "
        "stft "
        "melweightmatrix blackmanwindow hammingwindow hannwindow maxnumboundingboxes equalization solarization "
        "contrastlimitedadaptivehistogramequalization autocontrast",
    ),
    (_TEXT, "stringlookup textvectorization stringconcat stringnormalizer stringsplit regexfullmatch tfidfvectorizer"),
    (
        _AUGMENTATION,
        "augmix cutmix mixup randaugment randombrightness randomcolordegeneration randomcolorjitter randomcontrast "
        "randomcrop randomelastictransform randomerasing randomflip randomgaussianblur randomgrayscale randomhue "
        "randominvert randomperspective randomposterization randomrotation randomsaturation randomsharpness "
        "randomshear "
        "randomtranslation randomzoom",
    ),
    (_CODE, "tfsmlayer flaxlayer jaxlayer torchmodulewrapper pythonop"),
    (_CONTAINER, "container module moduledict parameterdict dataparallel distributeddataparallel model functional"),
    (
        "a layer is called by its name: `x -> conv2d(32, kernel=3)`; one of your own is a `block`",
        "layer wrapper inputspec",
    ),
    ("write one `parameter name: float32[…] = …` for each", "parameterlist"),
    ("write a statement of its own: `parameter name: float32[64] = ones`", "parameter variable addweight"),
    (
        "write a number, or `const name: float32[…] = …`; what is learned is a `parameter`",
        "tensor asarray full arange eye zeroslike oneslike",
    ),
    (_CELL, "lstmcell rnncell grucell simplernncell rnncellbase"),
    ("stack recurrent layers by an attribute: `lstm(64, layers=2)`", "stackedrnncells"),
    ("write `rnn`, `lstm` or `gru`", "rnnbase"),
    (_LIBRARY.format("transformer_encoder", "dotnn/transformer"), "transformer transformerencoder"),
    (
        _LIBRARY.format("transformer_encoder_layer", "dotnn/transformer"),
        "transformerencoderlayer transformerblock",
    ),
    (_LIBRARY.format("transformer_decoder", "dotnn/transformer"), "transformerdecoder"),
    (_LIBRARY.format("transformer_decoder_layer", "dotnn/transformer"), "transformerdecoderlayer"),
    # Activations that others say.
    ("write `a, b = x -> split(2, axis=-1)` and `a * (b -> sigmoid)`", "glu"),
    ("write `a, b = x -> split(2, axis=-1)` and `(a -> silu) * b`", "swiglu"),
    ("write `-(-x -> softplus)`", "logsigmoid"),
    ("write `-x -> softmax`", "softmin"),
    ("write `-> softmax(axis=1)`", "softmax2d"),
    ("write `x - (x -> tanh)`", "tanhshrink"),
    ("write `(x - 0.5 -> relu) - (-x - 0.5 -> relu)`", "softshrink"),
    ("write `x * (1 - (0.5 - abs(x) -> step))`", "hardshrink shrink"),
    ("write `x * (1 - (1.0 - x -> step))`", "threshold thresholdedrelu"),
    ("write `-> clip(low=-1, high=1)`", "hardtanh"),
    ("when a model runs it is `leaky_relu` with the mean of its two slopes, 0.229 by default", "rrelu"),
    ("write `(x + sqrt(x * x + 4)) / 2`", "squareplus"),
    ("write `-> argmax -> one_hot(classes)`", "hardmax"),
    ("there is no such activation here", "sparsemax sparseplus sparsesigmoid gumbelsoftmax"),
    # Arithmetic.
    ("write `(a + b) / 2`; a mean over axes is `-> mean(axis=1)`", "average"),
    ("write `sum(a * b, axis=1)`, or `a @ b` for a product of matrices", "dot batchdot"),
    ("write `sum(a * b, axis=1) / sqrt(sum(a * a, axis=1) * sum(b * b, axis=1))`", "cosinesimilarity"),
    ("write `sqrt(sum((a - b) ** 2, axis=1))`", "pairwisedistance pdist cdist"),
    ("write `x / norm(x, axis=-1, keepdims=true)`", "unitnormalization normalize lpnormalization normalizer"),
    ("write `(x - mean) / std`, with numbers or `const` tensors for both", "normalization scaler"),
    ("write `x * scale + offset`", "rescaling"),
    ("write `1 / x`", "reciprocal"),
    ("write `x ** 0.5`, `sqrt(x)`, or `1 / sqrt(x)`", "rsqrt"),
    ("write `x * x`", "square"),
    ("write `-x -> argmax`, with the axis", "argmin"),
    ("write `sum(abs(x), axis=1)`", "reducel1"),
    ("write `sum(x * x, axis=1)`", "reducesumsquare"),
    ("write `log(sum(x, axis=1))`", "reducelogsum"),
    ("write `log(sum(exp(x), axis=1))`, less the greatest of `x` where that is large", "reducelogsumexp logsumexp"),
    ("products of matrices are written `a @ b`, with `transpose` where axes stand in another order", "einsum"),
    (
        "write `-> dense(units, axis=…)`, which works along one axis, or `x @ w` with a parameter of your own",
        "einsumdense",
    ),
    (
        _NO_FUNCTION,
        "acos acosh asin asinh atan atanh cos cosh sin sinh tan erf ceil floor round sign mod det isinf isnan cumsum "
        "cumprod eyelike trilu bitshift bitcast reduceprod bilinear nonzero unique topk gathernd gatherelements "
        "scatter scatterelements scatternd tensorscatter compress range affinegrid meanvariancenormalization",
    ),
    (_LOGIC, "and or not xor equal greater greaterorequal less lessorequal bitwiseand bitwisenot bitwiseor bitwisexor"),
    (_CHOICE, "where"),
    # Shapes and places.
    ("write `x.shape`, whose dimensions the compiler knows", "shape size"),
    ("write `-> reshape([N, 4, 16])`", "unflatten"),
    ("write an index: `x[:, 0]`, `x[:, :, 0:27]`", "slice select"),
    ("write an index, `x[:, 0]`, or `-> embedding(…)` where ids look up learned rows", "gather take"),
    (_CROP, "cropping1d cropping2d cropping3d crop centercrop centercroppad"),
    ("write `-> unsqueeze(axis=1) -> expand([N, 5, C])`", "repeatvector"),
    (
        "repeat an axis of size 1 with `expand`, or lay copies one behind the other with `concat(x, x, axis=1)`",
        "tile repeat",
    ),
    ("write `-> flip(axis=1)`; recurrent layers read valid steps alone with `lengths=`", "reversesequence"),
    ("recurrent layers skip padded steps with `lengths=`, and `attention` hides keys with `mask=`", "masking"),
    ("write `-> reshape([N, …]) -> transpose([…]) -> reshape([N, …])`", "pixelunshuffle spacetodepth"),
    ("write a number, or `const name: float32[…] = …`", "constant constantofshape"),
    ("write the type that is wanted: `-> cast(float16)`", "castlike castmap"),
    ("write `-> embedding(…)` and then `-> sum(axis=1)` or `-> mean(axis=1)`", "embeddingbag"),
    ("write `-> one_hot(classes)`, and `-> sum(axis=1)` for several at once", "onehotencoder multihot"),
    ("write `table = …` as a `parameter`, look up with `embedding`, and turn back with `h @ …`", "reversibleembedding"),
    ("write `h -> tanh -> dense(1) -> softmax(axis=1)` for the weights, and the weighted `sum`", "additiveattention"),
    ("write `-> lp_pool2d(7)`, with a kernel as large as the image", "globallppool"),
    (
        _NONE,
        "groupqueryattention linearattention flexattention rotaryembedding causalconvwithstate convlstm1d convlstm2d "
        "convlstm3d fold unfold col2im maxunpool maxunpool1d maxunpool2d maxunpool3d fractionalmaxpool2d "
        "fractionalmaxpool3d maxroipool roialign gridsample deformconv groupedmm scaledmm scaledgroupedmm convtbc",
    ),
    ("boxes are chosen after the model has run", "nonmaxsuppression"),
    # Control.
    ("write `if … { … } else { … }`, whose condition is known while compiling", "if cond"),
    ("write `repeat(3) { … }` or `for i in range(3) { … }`", "loop scan whileloop"),
    (_RANDOM, "bernoulli multinomial randomnormal randomnormallike randomuniform randomuniformlike"),
    (
        _QUANTIZED,
        "quantizelinear dequantizelinear dynamicquantizelinear qlinearconv qlinearmatmul convinteger matmulinteger",
    ),
    (
        _SEQUENCE,
        "sequenceat sequenceconstruct sequenceempty sequenceerase sequenceinsert sequencelength sequencemap "
        "splittosequence concatfromsequence optional optionalgetelement optionalhaselement zipmap",
    ),
    (
        _CLASSICAL,
        "arrayfeatureextractor binarizer categorymapper dictvectorizer featurevectorizer imputer labelencoder "
        "linearclassifier linearregressor svmclassifier svmregressor treeensemble treeensembleclassifier "
        "treeensembleregressor",
    ),
    # What the language says without a layer.
    ("addition is written `a + b`", "add"),
    ("subtraction is written `a - b`", "sub subtract"),
    ("multiplication is written `a * b`", "mul multiply"),
    ("division is written `a / b`", "div divide truedivide"),
    ("the other sign is written `-x`", "neg negative"),
    ("a power is written `x ** 2`", "pow power"),
    ("leave it out: the arrow passes the value on", "identity"),
    (
        "a chain of stages needs no container: write `x -> dense(64) -> relu`, or `x -> name: { dense(64) -> relu }`",
        "sequential",
    ),
    ("write the stages one after the other, or fold them with `repeat` or `for`", "modulelist"),
    ("an activation is a stage of its own: write `-> relu`", "activation"),
    ("write `input name: float32[N, 3, 224, 224]` at the start of the model", "input inputlayer"),
    ("bidirectional reading is an attribute: write `lstm(64, bidirectional=true)`", "bidirectional"),
    ("`dense` and the activations already work on every step: leave it out", "timedistributed"),
    ("write the arithmetic itself, or a `block`", "lambda"),
)


#: Blocks of the library by what they are called elsewhere. A test holds that the library has them.
LIBRARY_NAMES: Mapping[str, str] = {
    "basicblock": "basic",
    "bottleneckblock": "bottleneck",
    **dict.fromkeys(("squeezeexcitation", "squeezeandexcitation", "seblock", "selayer", "semodule"), "squeeze_excite"),
    "invertedbottleneck": "inverted_residual",
    **dict.fromkeys(("conv2dnormactivation", "convnormactivation", "convbnactivation", "convbnrelu"), "conv_norm"),
    "transformer": "transformer_encoder",
    "transformerblock": "transformer_encoder_layer",
    **dict.fromkeys(("patchembed", "patchembeddings", "patchencoder"), "patch_embedding"),
    **dict.fromkeys(("doubleconv", "doubleconv2d"), "double_convolution"),
    "cnblock": "convnext_block",
    "denselayer": "densenet_layer",
    "firemodule": "fire",
}


def _pairs() -> Iterator[tuple[str, str]]:
    for sentence, words in _GROUPS:
        for word in words.split():
            yield word, sentence


#: What to write instead, by the word of another framework.
LAYER_NOTES: Mapping[str, str] = dict(_pairs())


def layer_note(name: str) -> str | None:
    """What to do instead about a layer of another framework that there is none of here; None where it is not known."""
    return LAYER_NOTES.get(plain_word(name))
