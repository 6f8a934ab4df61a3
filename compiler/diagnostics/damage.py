"""What is wrong with the contents of files, format by format, and with what stands in place of a file."""

from __future__ import annotations

from .phrases import Phrases


class FileDamage(Phrases):
    """What is wrong with files of any format, JSON in them, and files that are something else."""

    # Files of any format.
    IS_EMPTY = "it is empty"
    IS_CUT_OFF = "it is cut off"
    HOLDS_TWICE = "it has `{name}` twice"
    IMPOSSIBLE_SHAPE = "`{name}` has an impossible shape"
    BYTES_DO_NOT_FIT = "the bytes of `{name}` do not fit its shape"
    ELEMENTS_NOT_READ = "`{name}` has elements of type {element}, which are not read"
    NAME_TOO_LONG = "a name in it is too long"
    NESTED_TOO_DEEPLY = "it is nested too deeply"

    # JSON: behind "it", or behind the name of what holds it.
    JSON_TOO_LONG = "has {length:,} bytes, and at most {most:,} are read"
    JSON_TOO_DEEP = "is nested too deeply"
    NO_JSON = "is no JSON: {reason}"
    JSON_NAME_TWICE = "has `{name}` twice"
    WHOLE_IS_BAD = "it {fault}"
    HEADER_IS_BAD = "its header {fault}"
    PART_IS_BAD = "its `{part}` {fault}"

    # Files that are something else.
    IS_OTHER_FORMAT = ("it is a {kind}", "rename it to what it is: `{suggested}`")
    IS_ZIP_ARCHIVE = ("it is a zip archive", "unpack it, and give the file with the weights")
    IS_PICKLE = ("it is a pickle, and nothing is ever unpickled", "see `dotnn explain E801`")
    IS_GIT_LFS_POINTER = ("it is a Git LFS pointer that stands for the file", "run `git lfs pull`")
    IS_WEB_PAGE = ("it is a web page", "download the file itself")


class ArchiveDamage(Phrases):
    """What is wrong with zip archives, and with the arrays of numpy in them."""

    # Zip archives.
    LONG_LIST_OF_MEMBERS = "its list of members has {length:,} bytes, and at most {most:,} are read"
    MEMBER_PACKED = "`{member}` is packed"
    MEMBER_ELSEWHERE = "`{member}` is not where the archive says"
    MEMBER_CUT_OFF = "it is cut off in `{member}`"
    MEMBER_GROWS = "`{member}` is packed into {packed:,} bytes, which would become {unpacked:,}"
    WRONG_CHECK_SUM = "Bad CRC-32 for file {member!r}"
    MEMBER_MISSING = "it holds `{member}` not"
    MEMBER_TWICE = "it holds `{member}` twice"

    # Arrays of numpy.
    MEMBER_IS_NO_ARRAY = "it holds `{member}`, which is no array"
    ARRAY_DOES_NOT_FILL = "`{name}` has {found:,} bytes, which do not fit {shape} of {dtype}"
    HAS_RECORDS = "its arrays have records with named fields"
    UNKNOWN_VERSION = "an array is in version {major}.{minor} of the format, which is not known"
    HEADER_UNREADABLE = "an array's header cannot be read"
    IMPOSSIBLE_ARRAY_SHAPE = "an array has an impossible shape"
    TOO_LITTLE_MEMORY = "there is too little memory for {size:,} bytes"
    ARRAY_CUT_OFF = "an array is cut off after {found:,} of {size:,} bytes"


class OnnxDamage(Phrases):
    """What is wrong with messages of Protocol Buffers, and with the initializers of `.onnx` files."""

    # Messages.
    FIELD_WITHOUT_NUMBER = "it is damaged: a field has no number"
    FIELD_OF_UNKNOWN_KIND = "it is damaged: a field is of an unknown kind"
    FIELD_CUT_OFF = "it is cut off or damaged: a field goes beyond its end"
    NUMBER_CUT_OFF = "it is cut off or damaged: a number does not end"
    NUMBER_TOO_LONG = "it is damaged: a number is too long"
    IN_TENSOR = "`{name}`: {fault}"

    # Initializers.
    NO_MODEL_IN_IT = "it has no model in it"
    SPARSE_INITIALIZERS = "it has sparse initializers, which are not read"
    TENSOR_IN_SEGMENTS = "it has a tensor in segments, which are not read"
    TOO_MANY_INITIALIZERS = "it has more than {most:,} initializers"
    TOO_MANY_ENTRIES = "it has more than {most:,} entries"
    INITIALIZER_WITHOUT_NAME = "an initializer has no name"
    INITIALIZER_WITHOUT_SHAPE = "an initializer has no shape, or one with too many axes"
    NUMBERS_OF_WRONG_KIND = "the numbers of an initializer are of the wrong kind"
    TOO_MANY_AXES = "`{name}` has too many axes"
    UNKNOWN_ELEMENT_NUMBER = "`{name}` has elements of the unknown type {number}"
    NUMBERS_DO_NOT_FIT = "the numbers of `{name}` do not fit its shape"
    NAME_IS_NO_TEXT = "a name in it is no text"

    # Numbers in a file beside the model.
    PLACE_IS_NO_NUMBER = "the {key} of the numbers of `{name}` is no number"
    DATA_TOO_SHORT = "`{file}`, which has the numbers of `{name}`, is too short for them"
    DATA_BECAME_SHORTER = "`{file}` has become shorter"


class Hdf5Damage(Phrases):
    """What is wrong with HDF5 files, and with how layers of Keras lie in them."""

    # HDF5.
    NO_HDF5 = "it does not begin as an HDF5 file"
    HDF5_SAYS = "HDF5 says: {reason}"
    GROUPS_TOO_DEEP = "its groups are nested too deeply"
    TOO_MANY_OBJECTS = "it holds more than {most:,} groups and arrays"
    ATTRIBUTE_TOO_LONG = "its attribute `{name}` is too long"
    ATTRIBUTE_IS_NO_TEXT = "its attribute `{name}` is no text"
    ATTRIBUTE_IS_NO_LIST = "its attribute `{name}` is no list of texts"
    ATTRIBUTE_ELSEWHERE = "its attribute `{name}` lies elsewhere, or is too long"
    NO_GROUP_NO_ARRAY = "`{place}` is no group and no array"
    HOLDS_NO_NUMBERS = "`{place}` holds no numbers"
    NO_USABLE_SHAPE = "`{place}` has no shape, or too many axes"
    BLOCKS_TOO_LARGE = "`{place}` lies in blocks that are too large"
    FEWER_NUMBERS_THAN_SHAPE = (
        "`{place}` has not as many numbers as its shape says: {shape} takes {wanted:,} bytes, and it has {stored:,}"
    )

    # Keras.
    NO_KERAS_MODEL = "it holds arrays, and not those of a Keras model"
    NO_LAYER_NAMES = "it does not say which layers it holds (`layer_names`)"
    LAYER_MISSING = "it lacks the layer `{name}` that it tells of"
    ARRAY_MISSING = "it lacks the array `{name}` that it tells of"


class SafetensorsDamage(Phrases):
    """What is wrong with `.safetensors` files, and with the indices of weights in several files."""

    # Headers.
    ONLY_SOME_BYTES = "it has only {size} bytes"
    HEADER_BEYOND_FILE = "its first bytes announce a header of {length:,} bytes, and the file has {size:,}"
    HEADER_TOO_LONG = "its header has {length:,} bytes, and at most {most:,} are read"
    HEADER_IS_NO_OBJECT = "its header is no JSON object"
    NOTES_ARE_NO_OBJECT = "`{key}` in its header is no JSON object"
    ENTRY_INCOMPLETE = "its header gives `{name}` no dtype, shape and data_offsets"
    UNKNOWN_ELEMENT_TYPE = "`{name}` has elements of the unknown type `{element}`"
    BYTES_OVERLAP = "the bytes of `{name}` overlap those of `{before}`"
    GAP_BEFORE_TENSOR = "{gap:,} bytes before `{name}` belong to no tensor"
    TENSORS_CUT_OFF = "it is cut off: its tensors take {wanted:,} bytes, and {found:,} are there"
    BYTES_LEFT_OVER = "its last {rest:,} bytes belong to no tensor"

    # Indices.
    NO_WEIGHT_MAP = "it has no `weight_map` from the names of tensors to those of files"
    TOO_MANY_FILES = "it names {found:,} files, and at most {most} are read"

    # How an index and its files do not fit.
    SHARD_MISSING = "`{shard}` is not there"
    SHARDS_UNNAMED = "the names of its files tell of {total:,} files, of which it names {named:,}"
    TENSOR_MISSING = "`{name}` is not in `{shard}`"
    TENSOR_ELSEWHERE = "`{name}` is not in `{shard}`, but in `{other}`"
    TENSOR_UNNAMED = "`{name}` is in `{shard}`, and the index does not name it"
    TENSOR_IN_TWO_FILES = "`{name}` is in `{shard}` and in `{other}`"


class TorchDamage(Phrases):
    """What is wrong with files of PyTorch, and what they hold in place of weights."""

    # Damaged files.
    NO_TORCH_FILE = "it does not begin as a file of PyTorch"
    PICKLE_OF_ANOTHER = "it is a pickle that PyTorch did not write"
    NO_PICKLE_IN_ARCHIVE = "it is a zip archive without the pickle of `torch.save`"
    PARTS_OVERLAP = "parts of it overlap"
    PICKLE_TOO_LONG = "its pickle has {length:,} bytes, and at most {most:,} are read"
    PICKLE_DAMAGED = "its pickle is damaged: {reason}"
    TOO_MANY_STEPS = "its pickle has more than {most:,} steps"
    TORCH_SAYS = "PyTorch says: {reason}"
    TENSOR_NOT_PLAIN = "`{name}` is sparse, quantized or without numbers, which is not read"
    TENSOR_BEYOND_FILE = "`{name}` {shape} takes more bytes than the file has"

    # No weights.
    IS_TORCH_SCRIPT = "it is an archive of TorchScript (`torch.jit.save`)"
    PICKLE_PROTOCOL = "it is a pickle of a protocol beyond 2, which PyTorch reads without `weights_only` alone"
    HAS_OTHER_TENSORS = "it has tensors that are sparse, quantized or without numbers, which are not read"
    IS_NO_MAPPING = "it is {a_type}"
    HOLDS_NO_TENSOR = "no entry of it is a tensor"
    ENTRY_IS_NO_TENSOR = "its entry {key!r} is {a_type}, and no tensor"
    TENSORS_WITHOUT_NAMES = "its tensors have no names"


class InputDamage(Phrases):
    """What is wrong with arrays, texts and images that a model is fed from."""

    # Arrays.
    ARCHIVE_WITHOUT_ARRAYS = "it holds no arrays"
    IMPOSSIBLE_ARRAY = "its header declares an impossible array"
    ARRAY_BEYOND_FILE = "its header declares {declared}, and the file has {found}"

    # Texts.
    BYTE_IS_NOT_UTF8 = "byte {place} is not UTF-8"
    TABLE_WITHOUT_NUMBERS = "it holds no numbers"
    LINE_IS_BAD = "line {line}: {reason}"
    JSON_FAULT = "{reason} at line {line}, column {column}"
    NAME_TWICE = "it has the name `{name}` twice"
    LISTS_TOO_DEEP = "lists are nested more than {most} deep"

    # Images.
    NEITHER_PNG_NOR_JPEG = "its content is neither"
    DATA_ENDS_EARLY = "its data ends early"
    NO_MARKER = "there is no marker where one has to be"
    SCANS_OF_NO_FRAME = "its scans are not those of its frame"
    SCANS_MISSING = "some of its scans are missing"
    LAST_SCANS_MISSING = "its last scans are missing"
