"""The lessons: they count as taught, and give the numbers that their comments and `docs/learn.md` say."""

from __future__ import annotations

import re
import shlex
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dotnn.compiler import compile_file, compile_source
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.measure.receptive_fields import receptive_field, receptive_fields
from dotnn.compiler.reference_evaluation import evaluate, named_results
from dotnn.compiler.weights.weight_values import WeightValues
from dotnn.runtime import Session, random_feeds, read_feeds

from tests.helpers.cli_calls import dotnn
from tests.helpers.fences import page_fences
from tests.helpers.lesson_facts import EXERCISES, LESSON_FACTS, LESSONS, Exercise, lesson_path, models
from tests.helpers.paths import EXAMPLES, ROOT

PAGE = ROOT / "docs" / "learn.md"
FILES = sorted({file for file, _ in LESSON_FACTS})
KEYS = sorted(LESSON_FACTS)
WORKED = [key for key in KEYS if LESSON_FACTS[key].gives]

LONGEST = 45


def name_of(key: object) -> str:
    return "-".join(key) if isinstance(key, tuple) else str(key)


@cache
def compiled(key: tuple[str, str]) -> Compiled:
    file, model = key
    return compile_file(lesson_path(file), model=model)


def text_of(file: str) -> str:
    return lesson_path(file).read_text(encoding="utf-8")


def comments(file: str) -> str:
    """The documentation comments as running text."""
    return " ".join(" ".join(re.findall(r"^ *##(.*)$", text_of(file), re.MULTILINE)).split())


def arrays(values: dict[str, Any], model: Compiled) -> dict[str, np.ndarray]:
    types = {node.name: node.results[0].dtype.value for node in model.graph.inputs}
    return {name: np.array(value, types[name]) for name, value in values.items()}


# What they are --------------------------------------------------------------------------------------------------------


def test_every_lesson_is_known() -> None:
    found = [(path.stem, model) for path in sorted(LESSONS.rglob("*.nn")) for model in models(path.stem)]
    assert sorted(found) == KEYS


@pytest.mark.parametrize("file", FILES)
def test_a_lesson_is_short_and_has_commands(file: str) -> None:
    text = text_of(file)
    assert len(text.splitlines()) <= LONGEST
    shown = re.findall(r"^## +dotnn \w+ (\S+)(.*)$", text, re.MULTILINE)
    assert {path for path, _ in shown} == {f"examples/lessons/{file}.nn"}
    names = models(file)
    chosen = {match for _, options in shown for match in re.findall(r"--model (\w+)", options)}
    # Of two models that are compared, one may be enough to run.
    assert chosen <= set(names)
    assert bool(chosen) == (len(names) > 1)
    assert names == [file] or len(names) > 1


@pytest.mark.parametrize("key", KEYS, ids=name_of)
def test_params_and_documentation(key: tuple[str, str]) -> None:
    model, lesson = compiled(key), LESSON_FACTS[key]
    assert model.warnings == ()
    assert model.summary().count.params == lesson.params
    assert model.graph.doc
    assert all(node.doc for node in model.graph.inputs)
    assert all(model.graph.output_docs.get(output) for output in model.graph.outputs)


@pytest.mark.parametrize("key", [key for key in KEYS if LESSON_FACTS[key].fields], ids=name_of)
def test_receptive_fields(key: tuple[str, str]) -> None:
    graph = compiled(key).graph
    fields = receptive_fields(graph)
    wanted = LESSON_FACTS[key].fields
    assert {output: receptive_field(graph.outputs[output], fields) for output in wanted} == wanted


@pytest.mark.parametrize("key", KEYS, ids=name_of)
def test_a_false_count_is_an_error(key: tuple[str, str], tmp_path: Path) -> None:
    file, model = key
    changed = re.sub(r"expect params == \S.*", "expect params == -7", text_of(file))
    (tmp_path / "lesson.nn").write_text(changed, encoding="utf-8")
    with pytest.raises(DotnnError) as caught:
        compile_file(tmp_path / "lesson.nn", model=model)
    (error,) = caught.value.diagnostics
    assert f"`params` is {LESSON_FACTS[key].params:,}, not -7" in str(error)


# The numbers that can be followed by hand -----------------------------------------------------------------------------


def by_reference(model: Compiled, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return named_results(model.graph, evaluate(model.graph, feeds, WeightValues(0), keep=()))


def as_written(model: Compiled, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return Session(model.to_bytes(optimize=False), provider="cpu").run(feeds)


def optimized(model: Compiled, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return Session(model.to_bytes(), provider="cpu").run(feeds)


@pytest.mark.parametrize("run", [by_reference, as_written, optimized])
@pytest.mark.parametrize("key", WORKED, ids=name_of)
def test_numbers_by_hand(key: tuple[str, str], run: Any) -> None:
    model, lesson = compiled(key), LESSON_FACTS[key]
    outputs = run(model, arrays(dict(lesson.fed), model))
    assert lesson.gives.keys() == model.graph.outputs.keys()
    for name, value in lesson.gives.items():
        assert outputs[name].shape == np.shape(value)
        np.testing.assert_allclose(outputs[name], value, rtol=1e-5, atol=1e-5 * np.max(np.abs(value)))


@pytest.mark.parametrize("key", WORKED, ids=name_of)
def test_the_command_feeds_that(key: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The first command for the model feeds what the numbers by hand are of."""
    monkeypatch.chdir(ROOT)
    file, model = key
    lines = re.findall(r"^## +dotnn run (.*)$", text_of(file), re.MULTILINE)
    line = next(line for line in lines if f"--model {model} " in line or "--model" not in line)
    words = shlex.split(line)
    texts = [words[index + 1] for index, word in enumerate(words) if word == "--input"]
    fed = read_feeds(texts, Session(compiled(key).to_bytes(), provider="cpu").inputs).arrays
    wanted = arrays(dict(LESSON_FACTS[key].fed), compiled(key))
    assert fed.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_array_equal(np.reshape(fed[name], value.shape), value)


def said() -> list[tuple[tuple[str, str], str]]:
    return [(key, output) for key in KEYS for output in LESSON_FACTS[key].says]


@pytest.mark.parametrize(("key", "output"), said(), ids=name_of)
def test_the_comment_says_so(key: tuple[str, str], output: str) -> None:
    """Up to half a unit of the last digit that it shows."""
    lesson = LESSON_FACTS[key]
    assert lesson.says[output] in comments(key[0])
    shown = re.findall(r"-?\d+(?:\.\d+)?", lesson.says[output])
    numbers = np.ravel(lesson.gives[output])
    assert len(shown) in (1, len(numbers))
    for number, text in np.broadcast(numbers, shown):
        digits = len(text.partition(".")[2])
        assert abs(number - float(text)) <= 0.5 * 10**-digits + 1e-9


# What single lessons say ----------------------------------------------------------------------------------------------


def test_stride_2_takes_every_second_place() -> None:
    """As the second command of the lesson shows it."""
    model = compile_file(lesson_path("padding_and_stride"), arguments={"stride": 2})
    outputs = as_written(model, {"image": np.ones((1, 1, 5, 5), np.float32)})
    np.testing.assert_array_equal(outputs["valid"], [[[[9, 9], [9, 9]]]])
    np.testing.assert_array_equal(outputs["same"], [[[[4, 6, 4], [6, 9, 6], [4, 6, 4]]]])


def test_teeth_everywhere() -> None:
    """Deep and wide draw the same function, and ten folds have the parameters that the comment says."""
    x = np.linspace(0, 1, 129, dtype=np.float32)[:, None]
    deep, wide = (as_written(compiled(("folding", name)), {"x": x})["height"] for name in ("deep", "wide"))
    np.testing.assert_allclose(deep, wide, atol=1e-6)
    np.testing.assert_array_equal(deep[::16, 0], [0, 1, 0, 1, 0, 1, 0, 1, 0])
    count = compile_file(lesson_path("folding"), model="deep", arguments={"folds": 10}).summary().count.params
    assert f"{count} parameters" in comments("folding")
    assert f"{1024 * 2 + 1024 + 1:,} parameters" in comments("folding")


def test_two_small_filters_against_one_of_5x5() -> None:
    counts = [
        compile_file(lesson_path("small_filters"), model=model, arguments=arguments).summary().count.params
        for model, arguments in (("small", {"layers": 2}), ("large", {"kernel": 5}))
    ]
    assert "{:,} against {:,} parameters".format(*counts) in comments("small_filters")


def test_bottleneck_has_about_an_eighth_of_everything() -> None:
    direct, narrow = (compiled(("bottleneck", name)).summary() for name in ("direct", "bottleneck"))
    assert round(direct.count.params / narrow.count.params) == 8
    assert round(int(direct.macs) / int(narrow.macs)) == 8  # pyright: ignore[reportArgumentType]


def test_dropout_changes_no_number() -> None:
    sessions = [
        Session(compiled(("dropout", name)).to_bytes(), provider="cpu") for name in ("with_dropout", "without_dropout")
    ]
    feeds = random_feeds(sessions[0].inputs, seed=1, sizes={"N": 2})
    dropped, kept = (session.run_prepared(feeds)["probabilities"] for session in sessions)
    np.testing.assert_array_equal(dropped, kept)


def test_masks_keep_the_mean() -> None:
    """The mean over both masks of the comment."""
    model = compiled(("dropout_by_hand", "training"))
    x = np.array([[1, 2, 3, 4]] * 2, np.float32)
    y = as_written(model, {"x": x, "mask": np.array([[1, 0, 1, 0], [0, 1, 0, 1]], np.float32)})["y"]
    np.testing.assert_array_equal(y, [[2, 0, 6, 0], [0, 4, 0, 8]])
    np.testing.assert_array_equal(y.mean(axis=0), x[0])


def test_a_bias_before_batch_normalization_does_nothing() -> None:
    x = np.array([[2], [4], [4], [6]], np.float32)
    plain, biased = (
        as_written(compile_file(lesson_path("batch_norm"), model="training", arguments={"bias": bias}), {"x": x})
        for bias in (0.0, 100.0)
    )
    np.testing.assert_allclose(biased["normalized"], plain["normalized"], atol=1e-5)


def test_the_gradient_vanishes_within_ten_steps() -> None:
    """Of the RNN it is the product of `0.5 * (1 - h * h)`, of the others that of their gates."""
    model = compiled(("memory", "memory"))
    x = np.zeros((1, 11, 1), np.float32)
    x[0, 0] = 1
    h = as_written(model, {"x": x})["fading"][0, 1:, 0]
    assert np.prod(0.5 * (1 - h * h)) < 1 / 1000
    gate = 1 / (1 + np.exp(-10))
    assert round(gate, 5) == 0.99995
    assert gate**10 > 0.999


def test_the_final_state_of_both_directions_is_no_step() -> None:
    """`return_sequences=false` gives what the lesson joins by hand."""
    text = text_of("bidirectional").replace('activation="relu"', 'activation="relu", return_sequences=false')
    text = text.replace("[:, -1]", "[:]").replace("[N, T, 2]", "[N, 2]")
    outputs = as_written(compile_source(text), {"x": np.array([[[1], [2], [3]]], np.float32)})
    np.testing.assert_array_equal(outputs["sums"], [[6, 6]])
    np.testing.assert_array_equal(outputs["both_ends"], [[6, 6]])


def test_a_tower_is_loaded_under_a_new_head(tmp_path: Path) -> None:
    """As the lesson does it, with a file that lacks the head."""
    path = str(lesson_path("transfer_learning"))
    onnx = str(tmp_path / "model.onnx")
    assert dotnn("build", path, "-o", onnx, "--save-weights", str(tmp_path / "all.npz"), "--seed", "5").code == 0
    with np.load(tmp_path / "all.npz") as saved:
        np.savez(tmp_path / "tower.npz", **{name: saved[name] for name in saved if name.startswith("tower.")})
    done = dotnn("build", path, "-o", onnx, "--weights", str(tmp_path / "tower.npz"), "--allow-missing")
    assert done.code == 0
    assert "head.weight" in done.err
    assert dotnn("build", path, "-o", onnx, "--weights", str(tmp_path / "tower.npz")).code != 0


# The page -------------------------------------------------------------------------------------------------------------


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES)
def test_the_page_leads_to_every_lesson(file: str) -> None:
    assert f"](../examples/lessons/{file}.nn)" in page()
    fences = page_fences(PAGE)
    assert any(f"examples/lessons/{file}.nn" in one.text for one in fences if one.language in ("sh", "console"))


def consoles() -> list[str]:
    return [one.text for one in page_fences(PAGE) if one.language == "console"]


@pytest.mark.parametrize("text", consoles(), ids=lambda text: text.partition("\n")[0])
def test_the_page_shows_what_is_printed(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the last digits, which other processors round in another way."""
    monkeypatch.chdir(ROOT)
    line, _, shown = text.partition("\n")
    done = dotnn(*shlex.split(line.removeprefix("$ dotnn ")))
    assert done.code == 0
    number = r"-?\d+(?:[.,]\d+)*(?:e-?\d+)?"
    assert "".join(re.sub(number, "#", done.out).split()) == "".join(re.sub(number, "#", shown).split())
    found, wanted = ([float(one.replace(",", "")) for one in re.findall(number, words)] for words in (done.out, shown))
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def numbered(heading: str) -> dict[int, str]:
    """The numbered paragraphs of a section."""
    section = page().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    parts = re.split(r"^(\d+)\. ", section, flags=re.MULTILINE)[1:]
    return {int(number): " ".join(text.split()) for number, text in zip(parts[::2], parts[1::2], strict=True)}


def test_every_exercise_has_an_answer() -> None:
    numbers = list(range(1, len(EXERCISES) + 1))
    assert list(numbered("Exercises")) == numbers
    assert list(numbered("Answers")) == numbers


def folder_with(exercise: Exercise, folder: Path) -> Path:
    """A copy of the examples, changed as the exercise asks for."""
    copy = folder / "examples"
    shutil.copytree(EXAMPLES, copy, ignore=shutil.ignore_patterns("data", "zoo"))
    if exercise.file is not None:
        path = copy / exercise.file
        text = path.read_text(encoding="utf-8")
        assert exercise.old in text
        path.write_text(text.replace(exercise.old, exercise.new), encoding="utf-8")
    return copy


@pytest.mark.parametrize(("number", "exercise"), list(enumerate(EXERCISES, 1)), ids=lambda one: str(one)[:2])
def test_exercise(number: int, exercise: Exercise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command says the answer, and so does the page; before the change it says something else."""
    monkeypatch.chdir(folder_with(exercise, tmp_path).parent)
    words = exercise.command.split()
    done = dotnn(words[0], f"examples/{words[1]}", *words[2:])
    assert done.code == (exercise.file is not None), done
    asked, answered = numbered("Exercises")[number], numbered("Answers")[number]
    assert f"examples/{words[1]}" in asked
    if exercise.file is None:
        assert f"dotnn {words[0]} examples/{exercise.command.partition(' ')[2]}" in asked
    for answer in exercise.answers:
        assert re.search(rf"(?<![\d,]){re.escape(answer)}(?![\d,]*\d)", done.out + done.err), answer
        assert answer in answered
