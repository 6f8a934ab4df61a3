"""Files of Keras as weights, forged with h5py; `tests/parity` reads those that Keras itself writes."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from dotnn.compiler.diagnostics.weight_formats import UnsafeHdf5
from dotnn.compiler.diagnostics.weights import DamagedWeightFile
from dotnn.compiler.weights.keras_model import is_automatic, snake_case
from dotnn.compiler.weights.readers import open_weights

from tests.helpers.weight_helpers import count_refused, diagnostic_of

h5py = pytest.importorskip("h5py")

ONES = np.ones((2, 3), np.float32)
#: As `keras.Sequential([Conv2D(name="stem"), Dense(), Dense()], name="net")`, in Keras's order of groups.
ARRAYS = {
    "layers/conv2d/vars/0": np.arange(6, dtype=np.float32).reshape(1, 1, 2, 3),
    "layers/conv2d/vars/1": np.arange(3, dtype=np.float32),
    "layers/dense/vars/0": ONES,
    "layers/dense_1/vars/0": 2 * ONES,
}
NAMES = {"layers/conv2d": "stem", "layers/dense": "dense_4", "layers/dense_1": "dense_5"}


def hdf5(arrays: Mapping[str, Any], names: Mapping[str, str] | None = None) -> bytes:
    """A file with arrays, and with Keras's names of layers."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for place, array in arrays.items():
            file[place] = array
        for place, name in (names or {}).items():
            file.require_group(f"{place}/vars").attrs["name"] = name
    return content.getvalue()


def write_hdf5(path: Path, fill: Callable[[Any], object]) -> Path:
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = ONES
        fill(file)
    return path


def archive(path: Path, weights: bytes, config: object = None, packed: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", packed) as members:
        members.writestr("metadata.json", "{}")
        members.writestr("config.json", config if isinstance(config, bytes | str) else json.dumps(config))
        members.writestr("model.weights.h5", weights)
    return path


CONFIG = {
    "class_name": "Functional",
    "config": {
        "name": "net",
        "layers": [
            {"class_name": "InputLayer", "config": {"name": "input"}},
            {"class_name": "Dense", "config": {"name": "dense_4"}},
            {"class_name": "Conv2D", "config": {"name": "stem"}},
            {"class_name": "Dense", "config": {"name": "dense_5"}},
        ],
    },
}


# Reading ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".HDF5"])
def test_layers_are_told_by_their_groups(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"net{ending}"
    path.write_bytes(hdf5(ARRAYS, NAMES))
    with open_weights(path) as file:
        assert file.path == str(path)
        assert file.names == ("stem/0", "stem/1", "dense_4/0", "dense_5/0")
        for name, array in zip(file.names, ARRAYS.values(), strict=True):
            assert (file.shape(name), file.element_type(name)) == (array.shape, "float32")
            np.testing.assert_array_equal(file.load(name), array)
        layers = file.keras.layers  # pyright: ignore[reportAttributeAccessIssue]
    facts = [(one.name, one.path, one.class_name, one.automatic, len(one.tensors)) for one in layers]
    assert facts == [
        ("stem", "stem", "conv2d", False, 2),
        ("dense_4", "dense_4", "dense", True, 1),
        ("dense_5", "dense_5", "dense", True, 1),
    ]


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_tells_classes_and_order(tmp_path: Path, packed: int) -> None:
    path = archive(tmp_path / "net.keras", hdf5(ARRAYS, NAMES), CONFIG, packed)
    with open_weights(path) as file:
        assert file.names == ("dense_4/0", "stem/0", "stem/1", "dense_5/0")
        np.testing.assert_array_equal(file.load("dense_5/0"), 2 * ONES)
        layers = file.keras.layers  # pyright: ignore[reportAttributeAccessIssue]
    assert [(one.class_name, one.automatic) for one in layers] == [("Dense", True), ("Conv2D", False), ("Dense", True)]


def test_without_names_the_configuration_has_them(tmp_path: Path) -> None:
    """As the first versions of Keras 3 write it."""
    with open_weights(archive(tmp_path / "net.keras", hdf5(ARRAYS), CONFIG)) as file:
        assert file.names == ("dense_4/0", "stem/0", "stem/1", "dense_5/0")
    (tmp_path / "net.weights.h5").write_bytes(hdf5(ARRAYS))
    with open_weights(tmp_path / "net.weights.h5") as file:
        assert file.names == ("conv2d/0", "conv2d/1", "dense/0", "dense_1/0")


def test_layers_in_layers(tmp_path: Path) -> None:
    arrays = {
        "layers/sequential/layers/dense/vars/0": ONES,
        "layers/bidirectional/backward_layer/cell/vars/0": ONES,
        "layers/bidirectional/forward_layer/cell/vars/0": ONES,
        "layers/bidirectional/forward_layer/cell/vars/10": ONES,
        "layers/bidirectional/forward_layer/cell/vars/2": ONES,
        "layers/bidirectional/forward_layer/cell/seed_generator/vars/0": ONES,
        "layers/time_distributed/layer/layers/dense/vars/0": ONES,
        "layers/multi_head_attention/_key_dense/vars/0": ONES,
        "layers/multi_head_attention/_query_dense/vars/0": ONES,
        "head/vars/0": ONES,
        "stages/block/conv1/vars/0": ONES,
        "optimizer/vars/0": ONES,
        "vars/0": ONES,
    }
    names = {"layers/sequential": "encoder", "layers/sequential/layers/dense": "fc", "head": "dense_7"}
    (tmp_path / "net.weights.h5").write_bytes(hdf5(arrays, names))
    with open_weights(tmp_path / "net.weights.h5") as file:
        layers = file.keras.layers  # pyright: ignore[reportAttributeAccessIssue]
        found = {one.path: [(part.part, part.index, part.full) for part in one.tensors] for one in layers}
    assert found == {
        "model": [("", 0, "model/0")],
        "encoder.fc": [("", 0, "encoder/fc/0")],
        "bidirectional": [
            ("forward_layer/cell", 0, "bidirectional/forward_layer/cell/0"),
            ("forward_layer/cell", 1, "bidirectional/forward_layer/cell/2"),
            ("forward_layer/cell", 2, "bidirectional/forward_layer/cell/10"),
            ("backward_layer/cell", 0, "bidirectional/backward_layer/cell/0"),
        ],
        "time_distributed.dense": [("", 0, "time_distributed/dense/0")],
        "multi_head_attention": [
            ("query_dense", 0, "multi_head_attention/query_dense/0"),
            ("key_dense", 0, "multi_head_attention/key_dense/0"),
        ],
        "head": [("", 0, "head/0")],
        "stages.block.conv1": [("", 0, "stages/block/conv1/0")],
    }
    kinds = {one.path: (one.class_name, one.automatic) for one in layers}
    assert kinds["head"] == ("dense", False)


def test_the_order_of_the_file_is_that_of_the_model(tmp_path: Path) -> None:
    """Groups are listed by their names, and written one after the other."""
    groups = ["gru", "dense", "conv2d", *(f"dense_{index}" for index in range(1, 12)), "batch_normalization"]
    (tmp_path / "net.weights.h5").write_bytes(hdf5({f"layers/{name}/vars/0": ONES for name in groups}))
    with open_weights(tmp_path / "net.weights.h5") as file:
        assert [name.partition("/")[0] for name in file.names] == groups
    turned = sorted(groups, reverse=True)
    (tmp_path / "net.weights.h5").write_bytes(hdf5({f"layers/{name}/vars/0": ONES for name in turned}))
    with open_weights(tmp_path / "net.weights.h5") as file:
        dense = [name.partition("/")[0] for name in file.names if name.startswith("dense")]
        assert dense == ["dense", *(f"dense_{index}" for index in range(1, 12))]


def legacy(with_config: bool, keras: int) -> bytes:
    """As `model.save("net.h5")` of Keras 2 and 3, with a model inside and many names."""
    content = io.BytesIO()
    suffix = ":0" if keras == 2 else ""
    weights = {
        "encoder": [f"conv1/kernel{suffix}", f"conv1/bias{suffix}"],
        "lstm": [f"lstm/lstm_cell/kernel{suffix}"],
        "dense": [f"net/dense/kernel{suffix}"] if keras == 3 else ["dense/kernel:0"],
        "flatten": [],
    }
    if keras == 3:
        weights["encoder"] = [f"encoder/{name}" for name in weights["encoder"]]
    with h5py.File(content, "w") as file:
        root = file if not with_config else file.create_group("model_weights")
        root.attrs["layer_names"] = [name.encode() for name in weights]
        for layer, names in weights.items():
            group = root.create_group(layer)
            if layer == "lstm":
                group.attrs["weight_names0"] = [name.encode() for name in names]
            else:
                group.attrs["weight_names"] = [name.encode() for name in names]
            for name in names:
                group[name] = ONES
        if with_config:
            inner = {"class_name": "Sequential", "config": [{"class_name": "Conv2D", "config": {"name": "conv1"}}]}
            inner["config"] = {"name": "encoder", "layers": inner["config"]}
            layers = [inner, {"class_name": "LSTM", "config": {"name": "lstm"}}]
            layers.append({"class_name": "Dense", "config": {"name": "dense"}})
            file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": {"layers": layers}})
            file["optimizer_weights/adam/iteration"] = 3
    return content.getvalue()


@pytest.mark.parametrize("keras", [2, 3])
@pytest.mark.parametrize("with_config", [False, True])
def test_legacy_files(tmp_path: Path, with_config: bool, keras: int) -> None:
    (tmp_path / "net.h5").write_bytes(legacy(with_config, keras))
    with open_weights(tmp_path / "net.h5") as file:
        assert file.names == ("encoder/conv1/kernel", "encoder/conv1/bias", "lstm/lstm_cell/kernel", "dense/kernel")
        np.testing.assert_array_equal(file.load("encoder/conv1/bias"), ONES)
        layers = file.keras.layers  # pyright: ignore[reportAttributeAccessIssue]
    assert [(one.path, one.automatic) for one in layers] == [("encoder.conv1", False), ("lstm", True), ("dense", True)]
    assert [one.class_name for one in layers][1:] == (["LSTM", "Dense"] if with_config else ["lstm", "dense"])
    assert [(one.name, one.part) for one in layers[1].tensors] == [("kernel", "lstm_cell")]


@pytest.mark.parametrize("element", ["f2", "f4", "f8", ">f4", "i1", "u1", "i4", "i8", bool, "c8", ml_dtypes.bfloat16])
def test_element_types(tmp_path: Path, element: Any) -> None:
    array = np.array([[0, 1, 2], [3, 4, 5]]).astype(element)

    def fill(file: Any) -> None:
        file["layers/dense/vars/1"] = array.view("V2") if element is ml_dtypes.bfloat16 else array
        if element is ml_dtypes.bfloat16:
            file["layers/dense/vars/1"].attrs["dtype"] = "bfloat16"

    with open_weights(write_hdf5(tmp_path / "net.weights.h5", fill)) as file:
        assert file.element_type("dense/1") == array.dtype.newbyteorder("=").name
        np.testing.assert_array_equal(file.load("dense/1"), array)


@pytest.mark.parametrize(
    "options", [{"compression": "gzip"}, {"compression": "gzip", "shuffle": True, "fletcher32": True}, {"chunks": True}]
)
def test_what_the_library_packs_itself(tmp_path: Path, options: dict[str, Any]) -> None:
    array = np.zeros((300, 301), np.float32)
    array[7] = 3

    def fill(file: Any) -> None:
        file.create_dataset("layers/dense/vars/1", data=array, **options)

    with open_weights(write_hdf5(tmp_path / "net.weights.h5", fill)) as file:
        np.testing.assert_array_equal(file.load("dense/1"), array)


def test_files_are_given_back(tmp_path: Path) -> None:
    folder = Path("/proc/self/fd")
    content = hdf5(ARRAYS, NAMES)
    (tmp_path / "net.h5").write_bytes(content)
    (tmp_path / "cut.h5").write_bytes(content[:500])
    archive(tmp_path / "net.keras", content, CONFIG)
    archive(tmp_path / "packed.keras", content, CONFIG, zipfile.ZIP_DEFLATED)
    archive(tmp_path / "cut.keras", content[:500], CONFIG, zipfile.ZIP_DEFLATED)
    archive(tmp_path / "none.keras", b"", CONFIG)
    before = len(os.listdir(folder)) if folder.is_dir() else 0
    for name in ("net.h5", "net.keras", "packed.keras"):
        with open_weights(tmp_path / name) as file:
            file.load("stem/0")
    for name in ("cut.h5", "cut.keras", "none.keras"):
        assert isinstance(diagnostic_of(lambda name=name: open_weights(tmp_path / name)), DamagedWeightFile)
    if folder.is_dir():
        assert len(os.listdir(folder)) == before


@pytest.mark.parametrize(
    ("class_name", "name"),
    [
        ("Conv2D", "conv2d"),
        ("BatchNormalization", "batch_normalization"),
        ("LSTM", "lstm"),
        ("SimpleRNN", "simple_rnn"),
    ],
)
def test_names_that_keras_gives(class_name: str, name: str) -> None:
    assert snake_case(class_name) == name
    assert is_automatic(name, class_name)
    assert is_automatic(f"{name}_12", class_name)
    assert not is_automatic(f"my_{name}", class_name)
    assert not is_automatic(f"{name}_a", class_name)


# Files that are refused ---------------------------------------------------------------------------------------------


def cycle(file: Any) -> None:
    file["layers/dense/again"] = file["layers"]


def virtual(file: Any) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    file.create_virtual_dataset("layers/dense/vars/1", layout)


def external_storage(file: Any) -> None:
    file.create_dataset("layers/dense/vars/1", (4,), "f4", external=[("/etc/passwd", 0, 16)])


def filtered(file: Any, code: int = 32001) -> None:
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((2, 3))
    plan.set_filter(code, h5py.h5z.FLAG_OPTIONAL, ())
    space = h5py.h5s.create_simple((2, 3))
    h5py.h5d.create(file["layers/dense/vars"].id, b"1", h5py.h5t.NATIVE_FLOAT, space, plan).write(
        h5py.h5s.ALL, h5py.h5s.ALL, ONES
    )


def put(name: str, value: Any) -> Callable[[Any], None]:
    def fill(file: Any) -> None:
        file[f"layers/dense/vars/{name}"] = value

    return fill


UNSAFE: dict[str, tuple[Callable[[Any], object], str]] = {
    "an external link": (put("1", h5py.ExternalLink("/etc/passwd", "x")), "link"),
    "an external link for a group": (lambda file: file.update({"more": h5py.ExternalLink("o.h5", "/")}), "link"),
    "a soft link": (put("1", h5py.SoftLink("/layers/dense/vars/0")), "link"),
    "a soft link to nothing": (put("1", h5py.SoftLink("/none")), "link"),
    "a virtual dataset": (virtual, "virtual"),
    "external storage": (external_storage, "external storage"),
    "a filter that is a plugin": (filtered, "filter 32001"),
    "lzf, which h5py has": (lambda file: filtered(file, 32000), "filter 32000"),
    "a cycle": (cycle, "elsewhere"),
    "an array twice": (lambda file: put("1", file["layers/dense/vars/0"])(file), "elsewhere"),
}


@pytest.mark.parametrize("case", UNSAFE)
def test_what_leads_elsewhere(tmp_path: Path, case: str) -> None:
    fill, words = UNSAFE[case]
    diagnostic = diagnostic_of(lambda: open_weights(write_hdf5(tmp_path / "net.weights.h5", fill)))
    assert isinstance(diagnostic, UnsafeHdf5)
    assert words in diagnostic.headline()


def declared(shape: tuple[int, ...], **options: Any) -> Callable[[Any], object]:
    return lambda file: file.create_dataset("layers/dense/vars/1", shape, "f4", **options)


def nested(file: Any) -> None:
    group = file["layers"]
    for _ in range(200):
        group = group.create_group("g")


def with_reference(file: Any) -> None:
    file.create_dataset("layers/dense/vars/1", data=np.array([file.ref], dtype=h5py.ref_dtype))


DAMAGED: dict[str, tuple[Callable[[Any], object], str]] = {
    "never written": (declared((1 << 40,), chunks=(1 << 10,)), "not as many numbers"),
    "8 GB that are not there": (declared((1 << 31,), chunks=(1 << 10,), compression="gzip"), "not as many numbers"),
    "contiguous and never written": (declared((1 << 40,)), "not as many numbers"),
    "a huge block": (declared((3,), maxshape=(None,), chunks=(1 << 27,)), ""),
    "texts": (put("1", np.array([b"a", b"b"])), "no numbers"),
    "texts of any length": (put("1", "hello"), "no numbers"),
    "objects": (with_reference, "no numbers"),
    "records": (put("1", np.zeros(2, [("a", "f4"), ("b", "f4"), ("c", "f4")])), "no numbers"),
    "bytes": (put("1", np.zeros(2, "V5")), "no numbers"),
    "bytes that are no bfloat16": (put("1", np.zeros(2, "V2")), "no numbers"),
    "a shape that is null": (put("1", h5py.Empty("f4")), "no shape"),
    "a type alone": (put("1", np.dtype("f4")), "no group and no array"),
    "deep": (nested, "nested too deeply"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_files(tmp_path: Path, case: str) -> None:
    fill, words = DAMAGED[case]
    diagnostic = diagnostic_of(lambda: open_weights(write_hdf5(tmp_path / "net.weights.h5", fill)))
    assert isinstance(diagnostic, DamagedWeightFile)
    assert words in diagnostic.headline()


def named(libver: str, more: int = 0) -> bytes:
    """A file of one layer with a name, and further attributes, in an older or newer layout of headers."""
    content = io.BytesIO()
    with h5py.File(content, "w", libver=libver) as file:
        file["layers/dense/vars/0"] = ONES
        owner = file["layers/dense/vars"]
        for index in range(more):
            owner.attrs[f"note{index}"] = "x" * 50
        owner.attrs["name"] = "stem"
    return content.getvalue()


@pytest.mark.parametrize("more", [0, 5])
@pytest.mark.parametrize("libver", ["earliest", "v108", "latest"])
def test_texts_that_say_to_be_enormous(tmp_path: Path, libver: str, more: int) -> None:
    """HDF5 fills so much memory before it looks whether so much is there."""
    whole = named(libver, more)
    path = tmp_path / "net.weights.h5"
    path.write_bytes(whole)
    with open_weights(path) as file:
        assert file.names == ("stem/0",)
    # The length of the text stands behind the attribute's name, its type and its shape.
    at = whole.index(b"\4\0\0\0", whole.rindex(b"name\0"))
    path.write_bytes(whole[:at] + b"\xf0\xff\xff\xff" + whole[at + 4 :])
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, DamagedWeightFile)
    # Newer headers have a check sum, which the library compares first.
    assert "too long" in diagnostic.headline() or libver != "earliest"


def test_texts_that_are_not_found_are_not_read(tmp_path: Path) -> None:
    """With many attributes an object has them elsewhere; Keras never has."""
    path = tmp_path / "net.weights.h5"
    path.write_bytes(named("latest", 40))
    assert "lies elsewhere" in diagnostic_of(lambda: open_weights(path)).headline()


def test_a_name_twice(tmp_path: Path) -> None:
    path = tmp_path / "net.weights.h5"
    path.write_bytes(hdf5(ARRAYS, {"layers/dense": "a", "layers/dense_1": "a"}))
    assert "`a/0` twice" in diagnostic_of(lambda: open_weights(path)).headline()


def test_arrays_of_no_model(tmp_path: Path) -> None:
    path = tmp_path / "net.h5"
    path.write_bytes(hdf5({"x": ONES, "y": ONES}))
    assert "not those of a Keras model" in diagnostic_of(lambda: open_weights(path)).headline()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda root: root.attrs.pop("layer_names"), "layer_names"),
        (lambda root: root.pop("lstm"), "lacks the layer `lstm`"),
        (lambda root: root["dense"].pop("dense"), "lacks the array `dense/kernel:0`"),
        (lambda root: root.attrs.update(layer_names=[3, 4]), "no text"),
        (lambda root: root.file.attrs.update(model_config="{"), "model_config"),
        (lambda root: root.file.attrs.update(model_config="[" * 20_000), "nested too deeply"),
    ],
)
def test_damaged_legacy_files(tmp_path: Path, change: Callable[[Any], object], words: str) -> None:
    path = tmp_path / "net.h5"
    path.write_bytes(legacy(True, 2))
    with h5py.File(path, "a") as file:
        change(file["model_weights"])
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, DamagedWeightFile)
    assert words in diagnostic.headline()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": 1, "a": 2}', "`a` twice"),
        (" " * (17 << 20), "at most"),
        (b"\xff", "no JSON"),
    ],
)
def test_damaged_configurations(tmp_path: Path, config: Any, words: str) -> None:
    path = archive(tmp_path / "net.keras", hdf5(ARRAYS, NAMES), config, zipfile.ZIP_DEFLATED)
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, DamagedWeightFile)
    assert words in diagnostic.headline()


@pytest.mark.parametrize(
    "config",
    [
        None,
        [],
        3,
        {"class_name": 3},
        {"class_name": "Net", "config": 3},
        {"class_name": "Net", "config": {"layers": {"a": 1}}},
        {"class_name": "Net", "config": {"layers": [None, 3, {}, {"class_name": "Dense"}], "layer": 3, "name": 4}},
    ],
)
def test_configurations_that_say_little(tmp_path: Path, config: object) -> None:
    with open_weights(archive(tmp_path / "net.keras", hdf5(ARRAYS, NAMES), config)) as file:
        assert set(file.names) == {"stem/0", "stem/1", "dense_4/0", "dense_5/0"}


def test_models_in_models_in_models(tmp_path: Path) -> None:
    config: dict[str, Any] = {"class_name": "Dense", "config": {"name": "d"}}
    for _ in range(100):
        config = {"class_name": "Model", "config": {"name": "m", "layers": [config], "layer": config}}
        if len(json.dumps(config)) > 1 << 20:
            config = {"class_name": "Model", "config": {"name": "m", "layers": [{"class_name": "D", "config": {}}]}}
    with open_weights(archive(tmp_path / "net.keras", hdf5(ARRAYS, NAMES), config)) as file:
        assert len(file.names) == 4


def test_zip_bombs(tmp_path: Path) -> None:
    path = archive(tmp_path / "net.keras", bytes(80 << 20), CONFIG, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, DamagedWeightFile)
    assert "would become 83,886,080" in diagnostic.headline()


def test_a_changed_number_in_an_archive_is_noticed(tmp_path: Path) -> None:
    content = hdf5(ARRAYS, NAMES)
    path = archive(tmp_path / "net.keras", content, CONFIG)
    data = bytearray(path.read_bytes())
    place = data.index(content) + len(content) - 9
    data[place] ^= 1
    path.write_bytes(data)
    assert "CRC" in diagnostic_of(lambda: open_weights(path)).headline()


@pytest.mark.parametrize("missing", ["config.json", "model.weights.h5"])
def test_archives_that_lack_a_member(tmp_path: Path, missing: str) -> None:
    path = tmp_path / "net.keras"
    with zipfile.ZipFile(path, "w") as members:
        for name in {"config.json", "model.weights.h5"} - {missing}:
            members.writestr(name, "{}")
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, DamagedWeightFile)


@pytest.mark.parametrize("ending", [".weights.h5", ".keras", ".h5"])
def test_changed_bytes_never_crash(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"net{ending}"
    content = legacy(True, 2) if ending == ".h5" else hdf5(ARRAYS, NAMES)
    whole = archive(path, content, CONFIG).read_bytes() if ending == ".keras" else content
    assert count_refused(path, whole, 150, 40) > 20


def test_no_prefix_of_a_file_is_read_as_a_whole(tmp_path: Path) -> None:
    whole = hdf5(ARRAYS, NAMES)
    path = tmp_path / "net.weights.h5"
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        assert isinstance(diagnostic_of(lambda: open_weights(path)), DamagedWeightFile)
