"""The streams that first values are drawn from, and their bytes."""

from __future__ import annotations

import hashlib
import json
import math
import os
import statistics
import sys
import tracemalloc

import numpy as np
import pytest
from dotnn.compiler.initializers import (
    LARGEST,
    Constant,
    HeUniform,
    Initializer,
    Normal,
    Orthogonal,
    TruncatedNormal,
    Uniform,
    initialize,
    random_streams,
)
from dotnn.compiler.initializers.normal_quantile import normal_quantile

from tests.helpers.initial_draws import ANY_FAN, EVERY, RANDOM, draw
from tests.helpers.processes import run_python

# --- streams --------------------------------------------------------------------------------------


def independent_probabilities(seed: int, name: str, count: int) -> list[float]:
    """What the documentation of the streams says, once more and without arrays."""
    digest = hashlib.sha256(f"dotnn.weights.1\0{seed}\0{name}".encode()).digest()
    generator = np.random.Philox(key=int.from_bytes(digest[:16], "little"))
    return [((int(generator.random_raw()) >> 12) + 0.5) / 2**52 for _ in range(count)]


def test_values_are_those_of_the_documented_stream():
    probabilities = independent_probabilities(7, "fc.weight", 500)
    quantiles = [statistics.NormalDist().inv_cdf(value) for value in probabilities]
    uniform = draw(Uniform(low=-1.0, high=3.0), (500,))
    normal = draw(Normal(mean=0.25, std=2.0), (500,))
    assert uniform.tolist() == pytest.approx([-1 + 4 * value for value in probabilities], rel=0, abs=1e-15)
    assert normal.tolist() == pytest.approx([0.25 + 2 * value for value in quantiles], rel=0, abs=1e-14)


def philox_block(counter: int, key: int) -> list[int]:
    """Philox4x64-10 as in Salmon and others (2011), table 2 and figure 4."""
    mask = 2**64 - 1
    x0, x1, x2, x3 = ((counter >> shift) & mask for shift in (0, 64, 128, 192))
    k0, k1 = key & mask, key >> 64
    for _ in range(10):
        left, right = 0xD2E7470EE14C6C93 * x0, 0xCA5A826395121157 * x2
        x0, x1, x2, x3 = (right >> 64) ^ x1 ^ k0, right & mask, (left >> 64) ^ x3 ^ k1, left & mask
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) & mask, (k1 + 0xBB67AE8584CAA73B) & mask
    return [x0, x1, x2, x3]


def test_generator_is_philox():
    key = 0x0123456789ABCDEF_FEDCBA9876543210
    words = [int(word) for word in np.random.Philox(key=key).random_raw(12)]
    assert words == [word for counter in (1, 2, 3) for word in philox_block(counter, key)]


@pytest.mark.parametrize("initializer", RANDOM, ids=str)
def test_seed_and_name_alone_choose_the_values(initializer: Initializer):
    def draw_as(seed: int, name: str) -> np.ndarray:
        return initialize(initializer, (30, 4), "float32", ANY_FAN, seed, name)

    first = draw_as(0, "conv1.weight")
    assert np.array_equal(first, draw_as(0, "conv1.weight"))
    for other in (draw_as(1, "conv1.weight"), draw_as(0, "conv2.weight"), draw_as(-1, "conv1.weight")):
        assert not np.isin(first, other).any()


def test_a_seed_and_a_name_cannot_be_confused():
    assert random_value(1, "1.weight") != random_value(11, ".weight")


def random_value(seed: int, name: str) -> float:
    return float(initialize(Normal(), (), "float64", ANY_FAN, seed, name))


def test_names_are_uncorrelated():
    draws = [initialize(Normal(std=1.0), (4096,), "float64", ANY_FAN, 0, f"layer{i}.weight") for i in range(40)]
    correlation = np.corrcoef(np.stack(draws)) - np.eye(40)
    assert np.abs(correlation).max() < 5 / math.sqrt(4096)


@pytest.mark.parametrize("initializer", [Normal(), Uniform(low=-1, high=1), TruncatedNormal()], ids=str)
def test_element_i_is_made_of_word_i(initializer: Initializer, monkeypatch: pytest.MonkeyPatch):
    whole = draw(initializer, (40_000,))
    assert np.array_equal(draw(initializer, (250, 160)).ravel(), whole)
    assert np.array_equal(draw(initializer, (17,)), whole[:17])
    # Private: callers cannot tell how much is drawn at a time, which is what the test is about.
    monkeypatch.setattr(random_streams, "_CHUNK", 1000)
    assert np.array_equal(draw(initializer, (40_000,)), whole)


# --- golden bytes ---------------------------------------------------------------------------------


GOLDEN = {
    "normal float32": "60545bff8e6f6a2c",
    "normal(mean=1.5, std=2.0) float32": "acc176008ce29ff2",
    "uniform(low=-0.5, high=2.0) float32": "5768b08f523688de",
    "truncated_normal(mean=0.5, std=3.0) float32": "fb8db73dedc2200c",
    "xavier_uniform float32": "ea01c901dcf46cd1",
    "xavier_normal(gain=2.0) float32": "13f466dc5590de3b",
    "he_uniform float32": "5d387cfb2a70757e",
    "he_normal float32": "4df21d2b8ddcebe9",
    "lecun_normal float32": "b6ee4812e58d4536",
    "normal float16": "28ecf8ee69aa9c3e",
    "normal float64": "31491d4f0d16b1fd",
    "tails": "4587998c5667c7ec",
}


def digests() -> dict[str, str]:
    """The start of the SHA-256 of the little-endian bytes of initial values, and of quantiles far out."""
    cases = [(one, "float32") for one in RANDOM if not isinstance(one, Orthogonal)]
    cases += [(Normal(), "float16"), (Normal(), "float64")]
    # 27,641 elements: two chunks, the second one short.
    values = {f"{one} {dtype}": draw(one, (131, 211), dtype) for one, dtype in cases}
    values["tails"] = normal_quantile(0.5 - 2.0 ** -np.arange(2.0, 54.0))
    return {case: digest_of(array) for case, array in values.items()}


def digest_of(array: np.ndarray) -> str:
    return hashlib.sha256(array.astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()[:16]


def test_golden_bytes():
    assert digests() == GOLDEN


def test_golden_bytes_without_the_processors_vector_units():
    """numpy chooses loops by processor; without its optional instruction sets the bytes are the same."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    if not found:
        pytest.skip("numpy uses no optional instruction set on this processor")
    code = (
        f"import json, sys; sys.path[:0] = {sys.path!r}\nfrom {__name__} import digests; print(json.dumps(digests()))"
    )
    environment = os.environ | {"NPY_DISABLE_CPU_FEATURES": " ".join(found)}
    assert json.loads(run_python(code, environment)) == GOLDEN


# --- shapes, types, memory ------------------------------------------------------------------------


@pytest.mark.parametrize("initializer", EVERY, ids=str)
@pytest.mark.parametrize("dtype", list(LARGEST))
@pytest.mark.parametrize("shape", [(), (1,), (6,), (4, 3, 2, 2)], ids=str)
def test_shape_and_type(initializer: Initializer, dtype: str, shape: tuple[int, ...]):
    values = draw(initializer, shape, dtype)
    assert values.shape == shape
    assert values.dtype == dtype
    assert values.flags.c_contiguous
    assert values.flags.writeable
    assert np.isfinite(values).all()


@pytest.mark.parametrize("initializer", EVERY, ids=str)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_smaller_types_are_rounded_once(initializer: Initializer, dtype: str):
    assert np.array_equal(draw(initializer, (40, 25), dtype), draw(initializer, (40, 25)).astype(dtype))


def test_whole_numbers_of_any_size_are_arguments():
    assert draw(Constant(10**30), (2,)).tolist() == [1e30, 1e30]
    assert np.isfinite(draw(Normal(mean=10**30, std=10**20), (9,))).all()
    assert np.isfinite(draw(Uniform(low=-(10**30), high=10**30), (9,))).all()


@pytest.mark.parametrize("initializer", [Normal(), HeUniform(), TruncatedNormal()], ids=str)
def test_memory_beside_the_result_is_small(initializer: Initializer):
    tracemalloc.start()
    values = draw(initializer, (2_000_000,), "float32")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < values.nbytes + 2_000_000
