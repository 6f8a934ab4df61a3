"""Files of every format that is read: valid ones, directed attacks, and valid ones with something changed."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from hostile_weights import weight_attacks, weight_seeds
from PIL import Image

#: The model that the files are for, but for images.
NETWORK = "model net { input x: float32[N, 3] output y = x -> fc: dense(4) }"

# Valid files --------------------------------------------------------------------------------------------------------


def saved(write: Callable[[io.BytesIO], object]) -> bytes:
    """What is written into a stream."""
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def seeds(folder: Path) -> dict[str, list[bytes]]:
    """Valid files of each kind."""
    random_numbers = np.random.default_rng(0)
    x = random_numbers.random((5, 3), np.float32)
    weights = {"fc.weight": np.ones((4, 3), np.float32), "fc.bias": np.zeros(4, np.float32)}
    picture = Image.fromarray(random_numbers.integers(0, 256, (24, 31, 3), dtype=np.uint8))
    gray = picture.convert("L")
    header = json.dumps(
        {
            "fc.weight": {"dtype": "F32", "shape": [4, 3], "data_offsets": [0, 48]},
            "fc.bias": {"dtype": "F32", "shape": [4], "data_offsets": [48, 64]},
        }
    ).encode()
    return {
        ".npy": [
            saved(lambda stream: np.save(stream, x)),
            saved(lambda stream: np.save(stream, np.asfortranarray(x))),
            saved(lambda stream: np.save(stream, x.astype(">f8"))),
        ],
        ".npz": [saved(lambda stream: np.savez(stream, x=x)), saved(lambda stream: np.savez_compressed(stream, x=x))],
        ".csv": [b"a,b,c\n1,2,3\n4.5,-6e3,7\n", b"1;2;3\n", b"# note\n1 2 3\n\n4 5 6\n"],
        ".json": [b'{"x": [[1, 2, 3], [4.5, -6e3, 7]]}', b"[[1,2,3]]"],
        ".png": [
            saved(lambda stream: picture.save(stream, "PNG")),
            saved(lambda stream: gray.convert("P").save(stream, "PNG", transparency=3)),
            saved(lambda stream: picture.convert("RGBA").save(stream, "PNG")),
        ],
        ".jpg": [
            saved(lambda stream: picture.save(stream, "JPEG")),
            saved(lambda stream: picture.save(stream, "JPEG", progressive=True)),
            saved(lambda stream: gray.save(stream, "JPEG", restart_marker_blocks=2)),
        ],
        ".onnx": [(folder / "net.onnx").read_bytes(), (folder / "pictures.onnx").read_bytes()],
        ".safetensors": [struct.pack("<Q", len(header)) + header + bytes(64)],
        ".weights.npz": [
            saved(lambda stream: np.savez(stream, **weights)),
            saved(lambda stream: np.savez_compressed(stream, **weights)),
        ],
        **weight_seeds(),
        ".txt": [b"cat\ndog\nbird\nfish\n", "\ufeffä\nö\nü\n€\n".encode()],
    }


# Directed attacks ---------------------------------------------------------------------------------------------------


def npy(header: str | bytes, body: bytes = bytes(60), version: int = 1, length: int | None = None) -> bytes:
    """A `.npy` file with any header."""
    text = header if isinstance(header, bytes) else header.encode("latin-1")
    size = struct.pack("<H" if version == 1 else "<I", len(text) + 1 if length is None else length)
    return b"\x93NUMPY" + bytes((version, 0)) + size + text + b"\n" + body


def npy_of(shape: str, descr: str = "'<f4'", order: str = "False") -> bytes:
    """A `.npy` file whose header declares this."""
    return npy(f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}")


def npy_attacks() -> Iterator[tuple[str, bytes]]:
    """Headers of `.npy` files that say odd things."""
    shapes = (
        "(3, True)",
        "(5, 3)",
        "(0, 2**70)",
        f"(0, {2**70})",
        f"({2**62}, 4)",
        "(-1, 3)",
        "(5.0, 3)",
        "(5, 3",
        "[5, 3]",
    )
    shapes += ("()", "5", "(None,)", "('5', 3)", f"({'1, ' * 70})", f"({'1, ' * 3000})", f"({'9' * 5000}, 3)", "(1j,)")
    shapes += ("(" * 400 + ")" * 400, "__import__('os').system('exit 3')", "(5, 3) * 10**9", "(0,) * 40", "(True, 3)")
    for index, shape in enumerate(shapes):
        yield f"shape {index} {shape[:30]}", npy_of(shape)
    types = (
        "'|O'",
        "'O8'",
        "'<U3'",
        "'|S0'",
        "'|V4'",
        "'<M8[s]'",
        "'<f16'",
        "'<c8'",
        "[('a', '<f4')]",
        "'f4,i4'",
        "None",
        "7",
    )
    types += (
        "'<f3'",
        "''",
        "'" + "x" * 9000 + "'",
        "[('a', '<f4', (2**70,))]",
        "('<f4', (3,))",
        "'|b1'",
        "'<U999999999'",
    )
    for index, kind in enumerate(types):
        yield f"type {index} {kind[:20]}", npy_of("(5, 3)", kind)
    yield "order", npy_of("(5, 3)", order="1")
    yield "long header", npy(b" " * 3_000_000, version=2)
    yield "header of 4 GB", npy("{}", version=2, length=2**32 - 1)
    yield "unknown version", npy("{}", version=9)
    yield "records", npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }", version=3)
    yield "zero in header", npy("{'descr': '\0'}")
    yield "only magic", b"\x93NUMPY"
    yield "pickle", b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94."
    yield "empty", b""


def archive(*members: Any, kind: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive of names and contents, and mebibytes of zeros behind them; names may stand in it twice."""

    def write(stream: io.BytesIO) -> None:
        with zipfile.ZipFile(stream, "w", kind) as file:
            for name, content, *zeros in members:
                info = zipfile.ZipInfo(name)
                info.compress_type = kind
                with file.open(info, "w") as member:
                    member.write(content)
                    # This process stays small: the memory of its children is counted from its own.
                    for _ in range(zeros[0] if zeros else 0):
                        member.write(bytes(2**20))

    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return saved(write)


def npz_attacks(name: str) -> Iterator[tuple[str, bytes]]:
    """Archives that lie or are odd, with an array of this name."""
    good = npy_of("(5, 3)")
    yield "doubled", archive((f"{name}.npy", good), (f"{name}.npy", good))
    yield "paths", archive(("../x.npy", good), ("/etc/x.npy", good), (f"{name}.npy", good))
    yield "no array", archive(("readme.txt", b"hello"))
    yield "empty archive", archive()
    yield "odd names", archive(("\0.npy", good), ("a" * 60000 + ".npy", good), (".npy", good), ("\x1b[31m.npy", good))
    for count in (10_000_000, 25_000_000, 90_000_000):
        packed = archive((f"{name}.npy", npy_of(f"({count}, 3)"), 12 * count // 2**20), kind=zipfile.ZIP_DEFLATED)
        yield f"bomb of {count}", packed
    yield "bzip2", archive((f"{name}.npy", good), kind=zipfile.ZIP_BZIP2)
    yield "lzma", archive((f"{name}.npy", good), kind=zipfile.ZIP_LZMA)
    plain = archive((f"{name}.npy", good))
    for place in range(len(plain) - 70, len(plain)):
        yield f"byte {place - len(plain)}", plain[:place] + b"\xff" + plain[place + 1 :]
    for bit in (0x01, 0x20, 0x41):
        directory = plain.index(b"PK\x01\x02") + 8
        yield f"flags {bit}", plain[:directory] + bytes((bit,)) + plain[directory + 1 :]
    yield "many members", archive(*((f"{index}.npy", b"") for index in range(30_000)))
    for title, content in npy_attacks():
        yield f"member {title}", archive((f"{name}.npy", content))


def text_attacks() -> Iterator[tuple[str, bytes]]:
    """Numbers and nesting that text can hold."""
    yield "nested", b"[" * 100_000
    yield "nested whole", b"[" * 5000 + b"]" * 5000
    yield "objects", b'{"x":' * 50_000
    yield "digits", b"9" * 1_000_000
    yield "digits in a list", b"[[" + b"9" * 100_000 + b",1,1]]"
    yield "exponent", b"[[1e999999999, 1, 1]]"
    yield "nan", b"[[NaN, Infinity, -Infinity]]"
    yield "twice", b'{"x": [[1,2,3]], "x": [[1,2,3]]}'
    yield "not utf-8", b"\xff\xfe\xff"
    yield "utf-16", "[[1,2,3]]".encode("utf-16")
    yield "half a pair", b'{"\\ud800": 1}'
    yield "zero", b"\0"
    yield "empty", b""
    yield "blank", b" \n" * 1000
    yield "ragged", b"1,2,3\n1,2\n"
    yield "quote", b'1,2,"3\n' * 3
    yield "long cell", b'"' + b"1" * 200_000 + b'",2,3\n'
    yield "many columns", b"1," * 1_000_000 + b"1\n"
    yield "many rows", b"1,2,3\n" * 1_000_000
    yield "many numbers", b"[" + b"[1,2,3]," * 1_000_000 + b"[1,2,3]]"
    yield "only lists", b"[" + b"[[]]," * 500_000 + b"[[]]]"


def safetensors(header: object, body: bytes = bytes(64), length: int | None = None) -> bytes:
    """A `.safetensors` file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def safetensors_attacks() -> Iterator[tuple[str, bytes]]:
    """Headers that lie or are odd."""
    entry = {"dtype": "F32", "shape": [4, 3], "data_offsets": [0, 48]}
    changes: tuple[dict[str, object], ...] = (
        {"shape": [True, 12]}, {"shape": [-1]}, {"shape": [0, 2**70]}, {"shape": [2**70]}, {"shape": [1] * 70},
        {"shape": "x"}, {"shape": [4.0, 3]}, {"shape": None}, {"dtype": "F31"}, {"dtype": 5}, {"data_offsets": [48, 0]},
        {"data_offsets": [-48, 0]}, {"data_offsets": [0, 2**70]}, {"data_offsets": [True, 48]}, {"data_offsets": []},
        {"data_offsets": [0.0, 48.0]}, {"shape": [0], "data_offsets": [0, 0]}, {"dtype": "F8_E4M3"}, {"dtype": "BF16"},
    )  # fmt: skip
    for change in changes:
        yield f"entry {change}"[:60], safetensors({"fc.weight": entry | change})
    for value in (None, 1, [], "x", {}, {"a": None}, {"a": []}, {"__metadata__": 3}, {"\x1b[31m": entry}, {"": entry}):
        yield f"header {value}"[:60], safetensors(value)
    for length in (0, 1, 2**63, 2**64 - 1, 10**6):
        yield f"length {length}", safetensors({}, length=length)
    yield "nested", safetensors(b"[" * 100_000)
    yield "digits", safetensors(b'{"a": ' + b"9" * 100_000 + b"}")
    yield "no utf-8", safetensors(b"\xff\xfe")
    yield "many names", safetensors({str(index): entry for index in range(100_000)})
    yield "empty", b""


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    width: int, height: int, rows: bytes, *more: bytes, depth: int = 8, colour: int = 2, interlaced: int = 0
) -> bytes:
    """A PNG file with this header, these unpacked rows and further chunks."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    parts = (header, *more, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def png_attacks() -> Iterator[tuple[str, bytes]]:
    """Bombs, lies and odd chunks."""
    row = b"\0" + bytes(30)
    for width, height in (
        (0, 0),
        (10, 0),
        (2**31 - 1, 1),
        (2**31, 2**31),
        (65535, 65535),
        (5793, 5793),
        (2**25 + 1, 1),
    ):
        yield f"size {width} x {height}", png(width, height, row * 10)
    yield "too few rows", png(10, 10, row * 3)
    yield "half a row", png(10, 10, row * 3 + row[:7])
    yield "bomb", png(5000, 5000, bytes(75_005_000))
    yield "bomb with alpha", png(5000, 5000, bytes(100_005_000), colour=6)
    yield "bomb of 16 bits", png(5000, 5000, bytes(50_005_000), depth=16, colour=0)
    yield "bomb of bits", png(8192, 4096, bytes(1025 * 4096), depth=1, colour=0)
    yield "far too much", png(10, 10, bytes(100_000_000))
    yield "text bomb", png(10, 10, row * 10, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000))))
    yield "profile bomb", png(10, 10, row * 10, chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(80_000_000))))
    yield "exif", png(10, 10, row * 10, chunk(b"eXIf", b"MM\0\x2a\xff\xff\xff\xff"))
    yield (
        "exif loop",
        png(
            10, 10, row * 10, chunk(b"eXIf", b"II*\0\x08\0\0\0\x01\0\x12\x01\x04\0\xff\xff\xff\xff\x08\0\0\0\x08\0\0\0")
        ),
    )
    for depth, colour in ((3, 2), (16, 3), (8, 9), (0, 0), (255, 255), (8, 3)):
        yield f"depth {depth}, colour {colour}", png(10, 10, row * 10, depth=depth, colour=colour)
    yield "many chunks", png(10, 10, row * 10, *(chunk(b"teXt", b"a\0b") for _ in range(50_000)))
    good = png(10, 10, row * 10)
    for lost in (1, 4, 12, 13, 20, 40):
        yield f"without the last {lost}", good[:-lost]
    yield "empty", b""
    yield "another format", b"BM" + bytes(1000)


def jpg_attacks() -> Iterator[tuple[str, bytes]]:
    """Data that ends early, and headers that lie."""
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for title, options in (
        ("baseline", {}),
        ("progressive", {"progressive": True}),
        ("restarts", {"restart_marker_blocks": 2}),
    ):
        good = saved(lambda stream, options=options: Image.fromarray(pixels).save(stream, "JPEG", **options))
        for part in (0.2, 0.5, 0.9):
            yield f"{title} cut at {part}", good[: int(len(good) * part)]
            yield f"{title} ended at {part}", good[: int(len(good) * part)] + b"\xff\xd9"
        frame = good.index(b"\xff\xc2" if title == "progressive" else b"\xff\xc0") + 5
        for height, width in ((0, 64), (64, 0), (65535, 65535), (5000, 6000), (64, 63), (1, 1)):
            yield f"{title} of {height} x {width}", good[:frame] + struct.pack(">HH", height, width) + good[frame + 4 :]
        for sampling in (0x00, 0xFF, 0x41, 0x12):
            yield f"{title} sampled {sampling}", good[: frame + 6] + bytes((sampling,)) + good[frame + 7 :]
    good = saved(lambda stream: Image.fromarray(pixels).save(stream, "JPEG"))
    data = good.index(b"\xff\xda") + 14
    yield "bytes of ones in its data", good[:data] + b"\xff" * 5_000_000 + b"\0" + good[data:]
    yield "bytes of ones at its end", good[:-2] + b"\xff" * 5_000_000
    yield "most scans", scans(90)
    yield "many scans", scans(2000)
    yield "only start", b"\xff\xd8"
    yield "fill bytes", b"\xff\xd8" + b"\xff" * 1_000_000
    yield "empty segments", b"\xff\xd8" + b"\xff\xe1\x00\x02" * 200_000


def scans(count: int) -> bytes:
    """A progressive picture of 2,000 x 2,000 pixels with scan after scan: much work for few bytes."""
    good = saved(lambda stream: Image.new("L", (2000, 2000)).save(stream, "JPEG", progressive=True))
    last = good.rindex(b"\xff\xda")
    return good[:last] + good[last:-2] * count + b"\xff\xd9"


def onnx_attacks() -> Iterator[tuple[str, bytes]]:
    """Models whose names, dimensions and metadata are hostile; the operators are harmless."""
    for place in ("metadata", "key", "graph", "input", "output", "node", "dimension"):
        yield f"no utf-8 in {place}", model(**{place: "QQQQ"}).replace(b"QQQQ", b"\xff\xfe\x80Q")
    dims = (
        "max(N)",
        "min(N)",
        "max()",
        "N N",
        "1/0",
        "1//0",
        "N%0",
        ")(",
        "",
        " ",
        "\0",
        "\n",
        "floor",
        "floor(N, N)",
        "-1",
    )
    dims += (
        "(" * 70 + "N" + ")" * 70,
        "-" * 20000 + "N",
        "9" * 3000,
        "N**64**64",
        "N**64",
        "a+" * 24000 + "a",
        "K*" * 2000 + "K",
    )
    dims += (
        "max(" * 59 + "N" + ")" * 59,
        "\x1b]0;x\x07",
        "\u202eN",
        "N" * 10_000_000,
        "(a+b)**64-" * 4000 + "a",
        "1" * 10**6,
    )
    for index, dim in enumerate(dims):
        yield f"dimension {index} {dim[:16]!r}", model(dimension=dim)
    long = "+".join(["(N%7)*(H%5)"] * 900)
    hostile: tuple[object, ...] = (
        [{"dim": "N - 4000", "minimum": 1}] * 5000,
        [{"dim": f"N % {index + 3}", "minimum": index + 3} for index in range(200)],
        [{"dim": "max(" + long + ")", "minimum": 10**9}] * 20,
        [{"dim": f"N + {index}", "minimum": 10**9} for index in range(20_000)],
        [{"dim": "N", "minimum": 10**400}],
        [{"dim": "N", "minimum": True}], [{"dim": "N" * 10**6, "minimum": 1}], [[]], {}, "x", None,
        [{"dim": "1/0", "minimum": 1}], [{"dim": "N", "minimum": 1, "reason": "x" * 10**6}],
        [{"dim": "+".join(f"s{i}" for i in range(3000)), "minimum": 10**9}],
    )  # fmt: skip
    for index, demands in enumerate(hostile):
        yield f"demands {index}", model(demands=json.dumps(demands))
    yield "demands nested", model(demands="[" * 100_000)
    yield "demands of 40 MB", model(demands="[" + "0," * 20_000_000 + "0]")
    yield "labels", model(labels=json.dumps([1, 2]))
    yield "labels of 40 MB", model(labels=json.dumps(["x"] * 8_000_000))
    yield "empty", b""
    yield "text", NETWORK.encode()
    yield "zeros", bytes(1_000_000)


def model(
    metadata: str = "", key: str = "", graph: str = "g", input: str = "x", output: str = "y", node: str = "n",
    dimension: str = "N", demands: str = "", labels: str = "",
) -> bytes:  # fmt: skip
    """An ONNX model of one operator."""
    from onnx import TensorProto, helper

    shape = (dimension, 3)
    made = helper.make_model(
        helper.make_graph(
            [helper.make_node("Relu", [input], [output], name=node)],
            graph,
            [helper.make_tensor_value_info(input, TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        ),
        opset_imports=[helper.make_opsetid("", 22)],
        ir_version=10,
    )
    texts = {
        "dotnn.format": "1",
        "note": metadata,
        key or "note2": "1",
        "dotnn.demands": demands,
        "dotnn.labels": labels,
    }
    helper.set_model_props(made, {name: text for name, text in texts.items() if text})
    return made.SerializeToString()


def attacks() -> Iterator[tuple[str, str, bytes]]:
    """Ending, title and content of every directed attack."""
    kinds: tuple[tuple[str, Iterator[tuple[str, bytes]]], ...] = (
        (".npy", npy_attacks()), (".npz", npz_attacks("x")), (".csv", text_attacks()), (".json", text_attacks()),
        (".txt", text_attacks()), (".safetensors", safetensors_attacks()), (".weights.npz", npz_attacks("fc.weight")),
        (".png", png_attacks()), (".jpg", jpg_attacks()), (".onnx", onnx_attacks()), *weight_attacks(),
    )  # fmt: skip
    for ending, found in kinds:
        for title, content in found:
            yield ending, title, content


# Forging ------------------------------------------------------------------------------------------------------------

_ODD = (
    b"\0",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80\0\0\0",
    b"-1",
    b"9" * 30,
    b"(",
    b"[" * 50,
    b"True",
    b"\x1b[31m",
)


def forged(source: random.Random, content: bytes) -> bytes:
    """A valid file with one to eight changes."""
    data = bytearray(content)
    for _ in range(source.choice((1, 1, 1, 2, 3, 8))):
        place = source.randrange(len(data) + 1)
        match source.randrange(7):
            case 0 if data:
                data[place % len(data)] ^= 1 << source.randrange(8)
            case 1 if data:
                data[place % len(data)] = source.randrange(256)
            case 2:
                del data[place : place + source.choice((1, 2, 4, 50))]
            case 3:
                data[place:place] = source.choice(_ODD)
            case 4:
                odd = source.choice(_ODD)
                data[place : place + len(odd)] = odd
            case 5:
                start = source.randrange(len(data) + 1)
                data[place:place] = data[start : start + source.choice((1, 8, 200))]
            case _:
                del data[place:]
    return bytes(data)
