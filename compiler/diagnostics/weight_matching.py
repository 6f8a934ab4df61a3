"""What can be wrong with how names, order and numbers of a weight file fit a model (E860-E869, W847-W849)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic, Severity
from .phrases import Phrase, Phrases
from .weights import MOST_SHOWN, _NotFinite, count, quoted


@record
class BadRenameFile(Diagnostic):
    r"""A file of rules for the names of weights cannot be read, is no TOML, or holds something else than rules.

    It has a rule on each line: a pattern between single quotes, in which a backslash is a backslash, and what the names
    that it fits become:

        'b(\d)_(.+)' = "b$1.$2"
        'head\.(.+)' = "fc.$1"

    The first pattern that fits the whole of a name decides; names that none fits stay as they are. There are no
    headings and no tables.
    """

    code: ClassVar[str] = "E860"
    message: ClassVar[str] = "cannot read the rules of `{path}`: {clause}"
    remedy: ClassVar[str] = "write a pattern and what it becomes on each line: `'b(\\d)_(.+)' = \"b$1.$2\"`"

    path: str


@record
class RenameFileUnreadable(BadRenameFile):
    """The file is not there, no regular file, or may not be read."""

    clause: ClassVar[str] = "{reason}"

    reason: str
    hint: str

    def advice(self) -> str:
        """What to do about what is no file; else as for all."""
        return self.hint or super().advice()


@record
class RenameFileTooLong(BadRenameFile):
    """The file has more bytes than are read."""

    clause: ClassVar[str] = "it has more than {most:,} bytes"

    most: int


@record
class NoRenameText(BadRenameFile):
    """The file is no text in UTF-8."""

    clause: ClassVar[str] = "it is no UTF-8 text"


@record
class NoRenameToml(BadRenameFile):
    """The text is no TOML, as Python's reader says."""

    clause: ClassVar[str] = "it is no TOML: {reason}"

    reason: str

    def advice(self) -> str:
        """Mostly a backslash stands between double quotes."""
        if "\\" in self.reason:
            return "write patterns between single quotes, in which a `\\` is a `\\`"
        return super().advice()


@record
class RenameFileTooDeep(BadRenameFile):
    """The file has lists or tables in one another without end."""

    clause: ClassVar[str] = "it is nested too deeply"


@record
class TooManyRulesInFile(BadRenameFile):
    """The file has more rules than are read."""

    clause: ClassVar[str] = "it has more than {most:,} rules"

    most: int


@record
class TooManyGivenRules(BadRenameFile):
    """A caller in Python gives more rules than are taken."""

    clause: ClassVar[str] = "there are more than {most:,} rules"

    most: int


@record
class RuleIsTable(BadRenameFile):
    """A pattern stands without quotes and has a dot, so that it is a table to TOML; or the file has headings."""

    clause: ClassVar[str] = "`{pattern}` is a table"
    remedy: ClassVar[str] = "quote the pattern, and leave out headings: `'conv.(.+)' = \"body.$1\"`"

    pattern: str


@record
class RuleIsNoText(BadRenameFile):
    """What names become is a number, a list or a truth value."""

    clause: ClassVar[str] = "what names become by `{pattern}` is no text"

    pattern: str


class PatternFault(Phrases):
    """What is wrong with a pattern for names, or with what names become by it."""

    # Patterns.
    PATTERN_TOO_LONG = "it has more than {most} characters"
    TOO_MANY_GROUPS = "it has more than {most} groups"
    PATTERN_GROUPS_TOO_DEEP = "its groups are nested too deeply"
    REPEATS_TOO_MUCH = "it repeats too much"
    TAKES_TOO_LONG = "it takes too long with so many names"
    CLOSES_NOTHING = "a `)` closes nothing; one that is meant is `\\)`"
    GROUP_NOT_CLOSED = "a `(` is not closed; one that is meant is `\\(`"
    UNKNOWN_KIND_OF_GROUP = "of groups that begin with `(?` there is only `(?:`"
    CLASS_NOT_CLOSED = "a `[` is not closed; one that is meant is `\\[`"
    RANGE_IS_EMPTY = "the range `{low}-{high}` is empty"
    NOTHING_TO_REPEAT = "there is nothing that could be repeated"
    NOTHING_BEFORE = "there is nothing that `{char}` could repeat"
    QUANTIFIER_TWICE = "a quantifier is quantified itself"
    NO_NUMBER_OF_REPEATS = "`{{` begins a number of repeats, as in `{{2}}` or `{{1,3}}`; one that is meant is `\\{{`"
    IMPOSSIBLE_REPEATS = "so many repeats are not possible"
    UNKNOWN_ESCAPE = "`\\{char}` means nothing here; there are `\\d`, `\\w`, `\\s` and their opposites"
    UNKNOWN_ESCAPE_IN_CLASS = "`\\{char}` means nothing at this place of a class"

    # What names become.
    DOLLAR_WITHOUT_NUMBER = "`$` is followed by the number of a group, as in `$1` or `${{1}}`; a `$` itself is `$$`"
    NO_SUCH_GROUP = "`${number}` stands for a group, and the pattern has {groups}"


@record
class BadRenameRule(Diagnostic):
    r"""A pattern for names, or what names become by it, cannot be used.

    Patterns are regular expressions: characters, `.` for any, `[a-z]`, `\d` for a digit, groups `(…)`, `|`, and the
    quantifiers `*`, `+`, `?`, `{2}`; a dot that is meant is `\.`. They fit whole names. There are no references back
    to groups and no looking ahead, so that no pattern can take long. What names become is text in which `$1` stands for
    what the first group has, `$0` for the name, and `$$` for a `$`.
    """

    code: ClassVar[str] = "E861"
    message: ClassVar[str] = "`{pattern}` cannot be used as a rule for names: {reason}"
    label: ClassVar[str] = "here"
    remedy: ClassVar[str] = "patterns are such as `b(\\d)_(.+)`, and what names become such as `b$1.$2`"

    pattern: str
    reason: Phrase


@record
class CollidingNames(Diagnostic):
    """Two tensors of a weight file have one name after their names were changed.

    A prefix was taken off, or a rule applied, and what remains is the name of two tensors, of which only one could be
    loaded. Make the pattern more special, or give the other tensors a rule of their own that stands before.
    """

    code: ClassVar[str] = "E862"
    message: ClassVar[str] = "several tensors of `{path}` would have one name, such as `{first}`"
    remedy: ClassVar[str] = "make the rule more special; the first pattern that fits a whole name decides"

    path: str
    names: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def first(self) -> str:
        """The first such name."""
        return self.names[0][0]

    def notes(self) -> tuple[str, ...]:
        """Who would have which name."""
        rest = len(self.names) - MOST_SHOWN
        shown = tuple(f"`{name}`: {quoted(sources, 4)}" for name, sources in self.names[:MOST_SHOWN])
        return (*shown, f"and {rest:,} more") if rest > 0 else shown


@record
class OrderDiffers(Diagnostic):
    """Weights were to be matched by their order, and at some place the file has another shape than the model.

    With `--match order` the first tensor of the file is the first weight of the model, and so on: names do not matter,
    shapes must agree. PyTorch's `num_batches_tracked` is left out, and so are weights that the source gives as literals
    if the file lacks them. The order of the model is that of its layers; within a layer it is PyTorch's. Files that are
    sorted by name, as `.safetensors` mostly are, have lost the order.
    """

    code: ClassVar[str] = "E863"
    message: ClassVar[str] = "by their order, the tensors of `{path}` are not the weights of the model: {clause}"
    remedy: ClassVar[str] = "match by name, with `--rename` where names differ, or bring the layers into one order"

    path: str
    theirs: int
    ours: int
    around: tuple[str, ...]
    is_sorted: bool = False
    are_layers: bool = False

    @property
    def counts(self) -> str:
        """How many the file and the model have."""
        if self.are_layers:
            return f"the file has {self.theirs:,} layers and the model {self.ours:,}"
        return f"the file has {self.theirs:,} tensors and the model {self.ours:,} weights"

    def notes(self) -> tuple[str, ...]:
        """The last pairs that fit, and the first that does not."""
        if not self.is_sorted:
            return self.around
        return (*self.around, "the file is sorted by name, so that the order of its layers is lost")


@record
class PairDiffers(OrderDiffers):
    """At one place the file and the model have something else."""

    clause: ClassVar[str] = "number {number:,} is {there} in the file and {here} in the model{rest}"

    number: int
    there: str
    here: str

    @property
    def rest(self) -> str:
        """How many both have, where that differs, too."""
        return f"; {self.counts}" if self.ours != self.theirs else ""


@record
class NoCounterpart(OrderDiffers):
    """The file or the model ends before the other."""

    clause: ClassVar[str] = "{counts}; {alone} has no counterpart"

    alone: str


@record
class KerasLayerDiffers(Diagnostic):
    """A layer of a Keras file has the name of a layer of the model, and is a layer of another kind.

    Layers are found by their names: the label here, `name=` in Keras. Names that Keras gives by itself, such as
    `dense_2`, count by their order among the layers of their class.
    """

    code: ClassVar[str] = "E864"
    message: ClassVar[str] = "{layers} of `{path}` {have} the name of a layer of another kind: {first}"
    remedy: ClassVar[str] = "give each layer the label of its counterpart, or rename with `--rename`"

    path: str
    pairs: tuple[tuple[str, str, str], ...]

    @property
    def layers(self) -> str:
        """How many, in words."""
        return "1 layer" if len(self.pairs) == 1 else f"{len(self.pairs):,} layers"

    @property
    def have(self) -> str:
        """The verb."""
        return "has" if len(self.pairs) == 1 else "have"

    @property
    def first(self) -> str:
        """What the first one is in both."""
        name, theirs, ours = self.pairs[0]
        return f"`{name}` is `{theirs}` in the file and `{ours}` in the model"

    def notes(self) -> tuple[str, ...]:
        """The others, and how many more there are."""
        rest = len(self.pairs) - MOST_SHOWN
        shown = tuple(
            f"`{name}`: `{theirs}` in the file, `{ours}` in the model"
            for name, theirs, ours in self.pairs[1:MOST_SHOWN]
        )
        return (*shown, f"and {rest:,} more") if rest > 0 else shown


@record
class KerasLayersUnclear(Diagnostic):
    """A Keras file and a model have layers without names of their own, and it cannot be told which are which.

    Layers without a label are matched to those layers of the same class that Keras has named by itself, in order. That
    means something only where there are as many of both. Where networks have branches, Keras lists layers in another
    order than they were made in; if the shapes fit in either, nothing tells which one is that of the text here.
    """

    code: ClassVar[str] = "E865"
    message: ClassVar[str] = "it cannot be told which layers without names of `{path}` are which: {first}"
    remedy: ClassVar[str] = (
        "give the layers here the labels that they have in Keras; `dotnn summary` shows the model's layers"
    )

    path: str
    classes: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]

    @property
    def first(self) -> str:
        """What is wrong with the first class."""
        name, theirs, ours = self.classes[0]
        if len(theirs) == len(ours):
            return f"the {len(ours):,} of `{name}` fit in two orders"
        return f"there are {len(theirs):,} of `{name}` in the file and {len(ours):,} in the model"

    def notes(self) -> tuple[str, ...]:
        """Which they are, for each class."""
        return tuple(
            f"`{name}`: {quoted(theirs, 6)} in the file; {quoted(ours, 6) or 'none'} in the model"
            for name, theirs, ours in self.classes[:MOST_SHOWN]
        )


@record
class FeatureOrderUnknown(Diagnostic):
    """Weights of a Keras file are indexed by features whose order cannot be told.

    Images are channels first here and channels last in Keras. Where axes are folded into one, as by `flatten`, the
    features come in another order: `C, H, W` here and `H, W, C` in Keras. What is indexed by them, such as the columns
    of a `dense`, is permuted when a Keras file is loaded; batch normalization, dropout, activations and `concat` may
    stand between. Where a reshape mixes channels and positions in another way, or tensors of different orders are
    added, it cannot be told which feature is which, and nothing is guessed.

    Write the network so that the features stand in Keras's order, with a transposition before they are folded:

    ```nn
    input x: float32[N, 3, 8, 8]
    output y = x -> conv2d(4, kernel=3) -> transpose([0, 2, 3, 1]) -> flatten -> fc: dense(10)
    ```
    """

    code: ClassVar[str] = "E866"
    message: ClassVar[str] = (
        "`{path}` is of Keras, where features have another order, and it cannot be told in which one {weights} has them"
    )
    label: ClassVar[str] = "the order of these features is unknown"
    remedy: ClassVar[str] = (
        "put `transpose([0, 2, 3, 1])` before axes of an image are folded, and they stand as in Keras"
    )

    path: str
    names: tuple[str, ...]

    @property
    def weights(self) -> str:
        """Which."""
        return quoted(self.names, 4)


@record
class NotFiniteNumbers(_NotFinite):
    """Tensors of a weight file hold NaN or infinite numbers, or numbers too large for the model's element type.

    They spread to the outputs of the model. They come from a training that diverged, or from numbers that were
    converted to a type with a smaller range. Nothing is written. Where they are meant, such as infinite numbers in a
    mask, `--allow-nonfinite` takes them, in Python `matching=dotnn.Matching(allow_nonfinite=True)`.
    """

    code: ClassVar[str] = "E867"
    message: ClassVar[str] = "{tensors} of `{path}` {hold} numbers that are not finite: {shown}"
    remedy: ClassVar[str] = (
        "look into the training that they come from; `--allow-nonfinite` takes them "
        "(in Python `Matching(allow_nonfinite=True)`)"
    )


@record
class NoKerasLayer(Diagnostic):
    """Weights cannot be written in Keras's names, because Keras has no layer with these tensors.

    With `--keras-names` a file is written that `load_weights` of Keras reads: the tensors of each layer in Keras's
    layout and order. Parameters of the source (`parameter`), convolutions that are transposed in groups, and recurrent
    layers with `recurrent_bias=true` have no counterpart there. Written in PyTorch's names, `.safetensors` holds them
    all.
    """

    code: ClassVar[str] = "E868"
    message: ClassVar[str] = "Keras has no layer for {weights}, so `{path}` cannot be written in its names"
    label: ClassVar[str] = "this has no counterpart in Keras"
    remedy: ClassVar[str] = "leave `--keras-names` out, and name a `.safetensors` file"

    path: str
    names: tuple[str, ...]

    @property
    def weights(self) -> str:
        """Which."""
        return quoted(self.names, 4)


@record
class KerasNamesNotWritten(Diagnostic):
    """Weights in Keras's names are written as `.weights.h5`, which `load_weights` of Keras reads.

    The file holds the layers in their order, as `model.save_weights` writes them: a model of Keras with the same layers
    in the same order loads it. The other formats hold PyTorch's names and layouts.
    """

    code: ClassVar[str] = "E869"
    message: ClassVar[str] = "weights in Keras's names cannot be written as `{path}`"
    remedy: ClassVar[str] = "leave `--keras-names` out"

    path: str


@record
class NoKerasEnding(KerasNamesNotWritten):
    """The name of the file ends in another way."""

    remedy: ClassVar[str] = "name it `{suggested}`, or leave `--keras-names` out"

    suggested: str


@record
class NoKerasWriter(KerasNamesNotWritten):
    """The library that writes HDF5 is not installed."""

    remedy: ClassVar[str] = (
        'install h5py, which writes them: `pip install "dotnn[keras]"`, or leave `--keras-names` out'
    )


@record
class UnmatchedRules(Diagnostic):
    r"""A prefix, or rules for the names of weights, fit no name of the file.

    Patterns fit whole names: `fc` fits no `fc.weight`, and `fc\.(.+)` does. For a Keras file they are applied to
    the names of layers. A pattern that stands behind a more general one never gets its turn.
    """

    code: ClassVar[str] = "W847"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "no name in `{path}` is changed by {shown}"
    remedy: ClassVar[str] = "patterns fit whole names, and the first that fits decides; `.*` stands for any rest"

    path: str
    rules: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The first patterns."""
        return quoted(self.rules, 4)


@record
class MatchedByOrder(Diagnostic):
    """Weights were matched by their order, as `--match order` says; here is which is which.

    Nothing but their shapes tells that these tensors belong together, and layers of one shape may stand in another
    order. Look through the pairs once, or compare an output with that of the network where it was trained. Whatever is
    to be loaded again is better renamed: `--save-weights` writes a file with the model's names.
    """

    code: ClassVar[str] = "W848"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "{tensors} of `{path}` were matched by their order"
    remedy: ClassVar[str] = "look through the pairs, and write them under the model's names with `--save-weights`"

    path: str
    pairs: tuple[str, ...]

    @property
    def tensors(self) -> str:
        """How many, in words."""
        return count(self.pairs)

    def notes(self) -> tuple[str, ...]:
        """All pairs."""
        return self.pairs


@record
class InitializedWeights(Diagnostic):
    """Weights that a file lacks were initialized, as `--allow-missing` says.

    They start as their initializers say, from the seed, and mean nothing before they are trained: a new last layer on a
    network that was trained for something else.
    """

    code: ClassVar[str] = "W849"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "`{path}` lacks {tensors} of the model, which start as their initializers say"
    remedy: ClassVar[str] = "train them before the model is used"

    path: str
    names: tuple[str, ...]

    @property
    def tensors(self) -> str:
        """How many, in words."""
        return count(self.names)

    def notes(self) -> tuple[str, ...]:
        """All names."""
        return tuple(f"`{name}`" for name in self.names)
