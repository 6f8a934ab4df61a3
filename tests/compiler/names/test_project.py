"""Imports, the root of a project, and checking whole files."""

from __future__ import annotations

from pathlib import Path

import pytest
from dotnn.compiler import compile_file, compile_source
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.driver import check
from dotnn.compiler.limits import Limits

from tests.helpers.language import found_in, layer_names, places, type_of, write

MAIN = "model net { input x: float32[N, 8] output y = x -> f }\n"


def project(tmp_path: Path, files: dict[str, str]) -> Path:
    """A folder that is a project of its own."""
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    return write(tmp_path, files)


# --- what is imported -------------------------------------------------------------------------------------------------


def test_blocks_and_consts_are_imported(tmp_path: Path) -> None:
    path = project(
        tmp_path,
        {
            "main.nn": 'import f, WIDTH from "parts/f.nn"\n'
            "model net { input x: float32[N, 8] output y = x -> f -> dense(WIDTH) }",
            # Paths are relative to the importing file, and what a block uses is found in its own file.
            "parts/f.nn": 'import g from "deep/g.nn"\nconst WIDTH = 2 * K\nconst K = 2\nblock f(x) { return x -> g }',
            "parts/deep/g.nn": 'import h from "../h.nn"\nconst K = 5\nblock g(x) { return x -> h -> dense(K) }',
            "parts/h.nn": "block h(x) { return x -> relu }",
        },
    )
    found = compile_file(path)
    assert layer_names(found) == ["f.h", "f.dense", "dense"]
    assert type_of(found) == "float32[N, 4]"
    assert found.graph.nodes()[2].origins[0].span is not None
    assert found.graph.nodes()[2].origins[0].span.source.name.endswith("g.nn")


def test_the_same_file_by_several_ways_is_loaded_once(tmp_path: Path) -> None:
    path = project(
        tmp_path,
        {
            "main.nn": 'import f from "f.nn"\nimport g from "./sub/../g.nn"\n'
            "model net { input x: float32[N, 8] output y = x -> f -> g }",
            "f.nn": 'import k from "k.nn"\nblock f(x) { return x -> k }',
            "g.nn": 'import k from "sub/../k.nn"\nblock g(x) { return x -> k }',
            "k.nn": "block k(x) { return x -> relu -> relu }",
            "sub/empty.nn": "",
        },
    )
    assert layer_names(compile_file(path)) == ["f.relu", "f.relu_1", "g.relu", "g.relu_1"]
    assert compile_file(path, limits=Limits(imports=3)).name == "net"


def test_names_of_the_importing_file_are_not_seen(tmp_path: Path) -> None:
    files = {
        "main.nn": 'import f from "f.nn"\nconst K = 3\n' + MAIN,
        "f.nn": "block f(x) { return x -> dense(K) }",
    }
    assert found_in(tmp_path, files) == [("f.nn", "E202", "K")]


def test_names_that_are_not_imported_are_not_seen(tmp_path: Path) -> None:
    files = {"main.nn": 'import g from "f.nn"\n' + MAIN, "f.nn": "block f(x) { return x }\nblock g(x) { return x }"}
    assert found_in(tmp_path, files) == [("main.nn", "E203", "f")]


def test_text_that_is_no_file_imports_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"f.nn": "block f(x) { return x -> relu }"})
    monkeypatch.chdir(tmp_path)
    assert layer_names(compile_source('import f from "f.nn"\n' + MAIN)) == ["f"]
    with pytest.raises(DotnnError) as caught:
        compile_source('import f from "../f.nn"\n' + MAIN)
    assert [one.code for one in caught.value.diagnostics] == ["E603"]


# --- what cannot be imported ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('import f from "missing.nn"', ("E601", '"missing.nn"')),
        ('import f from "sub"', ("E601", '"sub"')),
        ('import f from ""', ("E601", '""')),
        ('import f from "a\\u{0}b"', ("E601", '"a\\u{0}b"')),
        ('import f from "main.nn"', ("E602", '"main.nn"')),
        ('import f from "../outside.nn"', ("E603", '"../outside.nn"')),
        ('import f from "sub/../../outside.nn"', ("E603", '"sub/../../outside.nn"')),
        ('import f from "/etc/hostname"', ("E603", '"/etc/hostname"')),
        ('import f from "link.nn"', ("E603", '"link.nn"')),
        ('import f from "linked/outside.nn"', ("E603", '"linked/outside.nn"')),
        ('import f from "empty.nn"', ("E604", "f")),
        ('import f from "other.nn"', ("E604", "f")),
    ],
)
def test_imports_that_fail(tmp_path: Path, line: str, expected: tuple[str, str]) -> None:
    """What was to be imported is quietly unknown: one mistake, one message."""
    folder = tmp_path / "project"
    folder.mkdir()
    project(
        folder,
        {
            "main.nn": f"{line}\n{MAIN}",
            "sub/a.nn": "",
            "empty.nn": "",
            "other.nn": "model f { input x: float32[1] output y = x }",
        },
    )
    write(tmp_path, {"outside.nn": "block f(x) { return x }"})
    (folder / "link.nn").symlink_to(tmp_path / "outside.nn")
    (folder / "linked").symlink_to(tmp_path)
    report = check(folder / "main.nn")
    assert places(report.diagnostics) == [expected]


def test_a_missing_name_has_near_ones(tmp_path: Path) -> None:
    files = {
        "main.nn": 'import bottlneck, f from "f.nn"\n' + MAIN,
        "f.nn": "block bottleneck(x) { return x }\nblock f(x) { return x }",
    }
    (found,) = check(write(tmp_path, files)).diagnostics
    assert (found.code, found.advice()) == ("E604", "did you mean `bottleneck`?")


def test_models_cannot_be_imported(tmp_path: Path) -> None:
    files = {"main.nn": 'import other from "f.nn"\n', "f.nn": MAIN.replace("net", "other").replace("f }", "relu }")}
    (found,) = check(write(tmp_path, files)).diagnostics
    assert (found.code, found.advice()) == ("E604", "models cannot be imported")


def test_circles(tmp_path: Path) -> None:
    files = {
        "a.nn": 'import g from "b.nn"\nblock f(x) { return x -> g }\n' + MAIN,
        "b.nn": 'import h from "c.nn"\nblock g(x) { return x -> h }',
        "c.nn": 'import f from "a.nn"\nblock h(x) { return x -> f }',
    }
    (found,) = check(write(tmp_path, files)).diagnostics
    assert (found.code, found.headline()) == ("E602", "this import closes a circle: a.nn -> b.nn -> c.nn -> a.nn")
    assert found.span is not None
    assert found.span.source.name.endswith("c.nn")


def test_names_that_are_taken(tmp_path: Path) -> None:
    files = {
        "main.nn": 'import f from "f.nn"\nimport f from "g.nn"\nblock g(x) { return x }\nimport g from "g.nn"\n'
        "const f = 3\nmodel g { input x: float32[1] output y = x }\n" + MAIN,
        "f.nn": "block f(x) { return x }",
        "g.nn": "block f(x) { return x }\nblock g(x) { return x }",
    }
    report = check(write(tmp_path, files))
    assert places(report.diagnostics) == [("E206", "f"), ("E206", "g"), ("E206", "f"), ("E206", "g")]
    lines = [label.span.line for one in report.diagnostics for label in one.labels()]
    assert lines == [1, 3, 1, 3]


def test_depth_and_number_of_imports_are_bounded(tmp_path: Path) -> None:
    count = 40
    files = {
        f"f{i}.nn": f'import f{i + 1} from "f{i + 1}.nn"\nblock f{i}(x) {{ return x -> f{i + 1} }}'
        for i in range(count)
    }
    files[f"f{count}.nn"] = f"block f{count}(x) {{ return x }}"
    path = write(tmp_path, {"main.nn": 'import f0 from "f0.nn"\n' + MAIN.replace("-> f", "-> f0"), **files})
    assert [one.code for one in check(path).diagnostics] == ["E501"]
    assert not check(path, limits=Limits(import_depth=50, nesting=300)).diagnostics
    assert [one.code for one in check(path, limits=Limits(import_depth=50, imports=10)).diagnostics] == ["E501"]


# --- errors in other files --------------------------------------------------------------------------------------------


def test_errors_of_imported_files_are_at_home_there(tmp_path: Path) -> None:
    files = {
        "main.nn": 'import f, K from "f.nn"\nmodel net { input x: float32[N, 8] output y = x -> a: f -> dense(K) }',
        "f.nn": "const K: int = 1.5\nblock f(x) {\n    return x -> conv2d(3, kernel=3)\n}",
    }
    report = check(write(tmp_path, files))
    assert [(one.code, str(one.span).rpartition("/")[2]) for one in report.diagnostics] == [
        ("E314", "f.nn:1:16"),
        ("E401", "f.nn:3:17"),
    ]
    traced = next(one for one in report.diagnostics if one.code == "E401")
    assert [str(label.span).rpartition("/")[2] for label in traced.trace] == ["main.nn:2:55"]


def test_a_diamond_reports_a_mistake_once(tmp_path: Path) -> None:
    for bad in (
        "block k(x) { return x -> dens(3) }",
        "block k(x) { return x -> -> relu }",
        "block k(x) { \x01 return x }",
    ):
        files = {
            "main.nn": 'import f from "f.nn"\nimport g from "g.nn"\n'
            "model net { input x: float32[N, 8] output y = x -> f -> g }",
            "f.nn": 'import k from "k.nn"\nblock f(x) { return x -> k }',
            "g.nn": 'import k from "k.nn"\nblock g(x) { return x -> k }',
            "k.nn": bad,
        }
        found = found_in(tmp_path, files)
        assert len(found) == 1
        assert found[0][0] == "k.nn"


def test_what_an_imported_file_could_not_say_is_not_missed(tmp_path: Path) -> None:
    files = {"main.nn": 'import f from "f.nn"\n' + MAIN, "f.nn": "block f(x { return x }\nblock g(x) { return x }"}
    found = found_in(tmp_path, files)
    assert {file for file, _, _ in found} == {"f.nn"}
    with pytest.raises(DotnnError) as caught:
        compile_file(tmp_path / "main.nn")
    assert all(one.code.startswith("E1") for one in caught.value.diagnostics)


def test_unused_blocks_of_imported_files_are_checked(tmp_path: Path) -> None:
    files = {
        "main.nn": 'import f from "f.nn"\n' + MAIN,
        "f.nn": "block f(x) { return x -> relu }\nblock g(x) { return x -> dens(3) }",
    }
    assert found_in(tmp_path, files) == [("f.nn", "E203", "dens")]


def test_a_file_of_blocks_is_checked(tmp_path: Path) -> None:
    files = {"parts.nn": "const K: int = 0.5\nblock f(x) { return x -> dense(k) }\nblock g(x) { return x -> dense(K) }"}
    assert found_in(tmp_path, files) == [("parts.nn", "E314", "0.5"), ("parts.nn", "E201", "k")]
    assert found_in(tmp_path, {"parts.nn": "const K = 1\nblock g(x) { return x -> dense(K) }"}) == []
    with pytest.raises(DotnnError) as caught:
        compile_file(tmp_path / "parts.nn")
    assert [one.code for one in caught.value.diagnostics] == ["E605"]


# --- the root of a project --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ["pyproject.toml", ".git"])
def test_the_root_is_the_nearest_folder_with_a_mark(tmp_path: Path, mark: str) -> None:
    files = {
        "models/main.nn": 'import f from "../parts/f.nn"\n' + MAIN,
        "parts/f.nn": "block f(x) { return x -> relu }",
    }
    path = write(tmp_path, files)
    assert places(check(path).diagnostics) == [("E603", '"../parts/f.nn"')]
    (tmp_path / mark).mkdir() if mark == ".git" else (tmp_path / mark).write_text("", encoding="utf-8")
    assert not check(path).diagnostics
    (tmp_path / "models" / ".git").mkdir()
    assert places(check(path).diagnostics) == [("E603", '"../parts/f.nn"')]
    assert not check(path, root=tmp_path).diagnostics


def test_links_inside_of_the_project_are_fine(tmp_path: Path) -> None:
    path = project(tmp_path, {"main.nn": 'import f from "link.nn"\n' + MAIN, "f.nn": "block f(x) { return x -> relu }"})
    (tmp_path / "link.nn").symlink_to(tmp_path / "f.nn")
    assert not check(path).diagnostics


# --- checking files ---------------------------------------------------------------------------------------------------


def test_all_models_of_a_file_are_checked(tmp_path: Path) -> None:
    text = (
        "model a { input x: float32[N, 8] output y = x -> dens(1) }\n"
        "model b { input x: float32[N, 8] y = x }\n"
        "model c { input x: float32[N, 8] output y = x -> relu expect y.rank == 3 }\n"
        "model d { input x: float32[N, 8] output y = x -> conv2d(3, kernel=3) }\n"
    )
    found = found_in(tmp_path, {"main.nn": text})
    assert [code for _, code, _ in found] == ["E203", "E321", "E401"]
    fixed = text.replace("dens(", "dense(").replace(" y = x }", " output y = x }")
    assert [code for _, code, _ in found_in(tmp_path, {"main.nn": fixed})] == ["E701", "E401"]
    assert [code for _, code, _ in found_in(tmp_path, {"main.nn": fixed}, model="c")] == ["E701"]
    assert [code for _, code, _ in found_in(tmp_path, {"main.nn": fixed}, model="z")] == ["E605"]


def test_check_takes_lists_of_python(tmp_path: Path) -> None:
    text = "model m(w: list = [3]) { input x: float32[N, 8] output y = x -> for c in w { dense(c) } }"
    assert found_in(tmp_path, {"main.nn": text}, arguments={"w": [3, 4]}) == []


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert [one.code for one in check(tmp_path / "none.nn").diagnostics] == ["E607"]
    assert [one.code for one in check(tmp_path).diagnostics] == ["E607"]


def test_load_errors_are_reported_with_those_of_bodies(tmp_path: Path) -> None:
    text = 'import f from "none.nn"\nblock relu(x) { return x }\nblock g(x) { return x }\nblock g(x) { return x }\n' + (
        "model net { input x: float32[N, 8] output y = x -> f -> g -> dens(3) }"
    )
    path = write(tmp_path, {"main.nn": text})
    codes = ["E601", "E207", "E206", "E203"]
    assert [one.code for one in check(path).diagnostics] == codes
    with pytest.raises(DotnnError) as caught:
        compile_file(path)
    assert [one.code for one in caught.value.diagnostics] == codes


# --- the library ------------------------------------------------------------------------------------------------------


def test_the_library_is_imported_from_anywhere(tmp_path: Path) -> None:
    """It is no part of the project, whose root it lies outside of."""
    path = project(
        tmp_path,
        {
            "main.nn": 'import basic from "dotnn/residual"\n'
            "model net { input x: float32[N, 8, 4, 4] output y = x -> b: basic(8) }",
            # A folder of the same name is something else.
            "dotnn/residual.nn": "block basic(x, width: int) { return x -> relu }",
            "other.nn": 'import basic from "./dotnn/residual.nn"\n'
            "model net { input x: float32[N, 8, 4, 4] output y = x -> b: basic(8) }",
        },
    )
    found = compile_file(path)
    assert "b.conv1" in layer_names(found)
    spans = [one.span for node in found.graph.nodes() if node.name == "b.conv1" for one in node.origins]
    assert spans[0] is not None
    assert spans[0].source.name == "dotnn/residual"
    assert layer_names(compile_file(tmp_path / "other.nn")) == ["b"]


def test_a_file_that_the_library_lacks(tmp_path: Path) -> None:
    for written, said in (
        ("dotnn/residul", "did you mean `dotnn/residual`?"),
        ("dotnn/../main.nn", 'write `"dotnn/residual"`'),
    ):
        text = f'import basic from "{written}"\nmodel net {{ input x: float32[N, 8] output y = x -> basic }}'
        (error,) = check(project(tmp_path, {"main.nn": text})).errors
        assert error.code == "E608"
        assert said in str(error)
