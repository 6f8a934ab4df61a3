"""The shipped examples: they compile, count as published, carry torchvision's names, and run on their inputs."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from dotnn.cli.app import app
from dotnn.compiler import compile_file
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.diagnostics import DotnnError
from dotnn.runtime import Feeds, Session, random_feeds, read_feeds
from PIL import Image

from tests.helpers.example_facts import Example, example_path, zoo
from tests.helpers.lesson_facts import LESSONS
from tests.helpers.paths import DATA, EXAMPLES
from tests.helpers.zoo_facts import ALL_FACTS

NAMES = sorted(ALL_FACTS)
IMAGENET = [name for name in NAMES if ALL_FACTS[name].zoo]


@cache
def compiled(name: str) -> Compiled:
    return compile_file(example_path(name))


def changed(name: str, old: str, new: str, folder: Path) -> Path:
    """A copy of the examples in which a text of one of them is another."""
    shutil.copytree(EXAMPLES, folder / "examples", ignore=shutil.ignore_patterns("data"))
    path = folder / "examples" / example_path(name).relative_to(EXAMPLES)
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_every_example_is_known() -> None:
    """But for the lessons, which have a list of their own."""
    assert sorted(path.stem for path in EXAMPLES.rglob("*.nn") if LESSONS not in path.parents) == NAMES


# What they say of themselves -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_params(name: str) -> None:
    model = compiled(name)
    assert model.warnings == ()
    assert model.name == name
    assert model.summary().count.params == ALL_FACTS[name].params


@pytest.mark.parametrize("name", [name for name in NAMES if ALL_FACTS[name].macs])
def test_macs(name: str) -> None:
    assert compiled(name).summary().macs == ALL_FACTS[name].macs


def published_gigamacs(name: str) -> set[float]:
    """What torchvision's documentation says of the network that has as many parameters, if it does.

    It leaves auxiliary classifiers out.
    """
    example = ALL_FACTS[name]
    facts = zoo()[example.zoo]["published"].values() if example.zoo and not name.endswith("_aux") else ()
    return {one["gigamacs"] for one in facts if one["num_params"] == example.params}


@pytest.mark.parametrize("name", [name for name in NAMES if published_gigamacs(name)])
def test_macs_are_those_that_torchvision_publishes(name: str) -> None:
    """To three digits, attention included, which the counts of modules leave out."""
    macs = compiled(name).summary().macs
    assert isinstance(macs, int)
    assert round(macs / 10**9, 3) in published_gigamacs(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_false_count_is_an_error(name: str, tmp_path: Path) -> None:
    (expectation,) = re.findall(r"expect params == .*", example_path(name).read_text(encoding="utf-8"))
    with pytest.raises(DotnnError) as caught:
        compile_file(changed(name, expectation, "expect params == 7", tmp_path))
    (error,) = caught.value.diagnostics
    assert f"`params` is {ALL_FACTS[name].params:,}, not 7" in str(error)


@pytest.mark.parametrize("name", NAMES)
def test_documentation(name: str) -> None:
    """Newcomers read them: the model, every input and every output says what it is."""
    graph = compiled(name).graph
    assert graph.doc
    assert all(node.doc for node in graph.inputs)
    assert all(graph.output_docs.get(output) for output in graph.outputs)


def test_a_changed_stride_breaks_the_shape_that_is_expected(tmp_path: Path) -> None:
    stage = "layer3: bottleneck_stage(256, blocks=36, stride={})"
    with pytest.raises(DotnnError) as caught:
        compile_file(changed("resnet152", stage.format(2), stage.format(1), tmp_path))
    shape, macs = caught.value.diagnostics
    assert shape.span is not None
    assert shape.span.text == "features.shape == [N, 2048, 7, 7]"
    assert "is [N, 2048, 14, 14], not [N, 2048, 7, 7]" in str(shape)
    assert "`macs` is " in str(macs)


# Torchvision ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", IMAGENET)
def test_names_and_shapes_are_those_of_torchvision(name: str) -> None:
    ours = {weight.name: list(weight.shape) for weight in compiled(name).graph.weights()}
    theirs = zoo()[str(ALL_FACTS[name].zoo)]["state_dict"]
    assert ours == {key: shape for key, shape in theirs.items() if not key.endswith(".num_batches_tracked")}
    assert list(ours) == [key for key in theirs if key in ours]


# Running -------------------------------------------------------------------------------------------------------------


def fed(example: Example, session: Session) -> Feeds:
    if not example.feeds:
        return random_feeds(session.inputs, seed=1, sizes=example.sizes)
    return session.prepare(dict(read_feeds(example.texts, session.inputs).arrays))


@pytest.mark.parametrize("name", NAMES)
def test_it_runs(name: str) -> None:
    """As the README runs them, on smaller images; that the numbers are right is the matter of other tests."""
    example = ALL_FACTS[name]
    session = Session(compile_file(example_path(name), arguments=example.smaller), provider="cpu")
    outputs = session.run_prepared(fed(example, session))
    assert {output: value.shape for output, value in outputs.items()} == dict(example.outputs)
    for output, value in outputs.items():
        assert np.isfinite(value).all()
        if "probabilities" in output:
            probabilities = np.exp(value) if output.startswith("log_") else value
            np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-5)


# The commands that their documentation tells the reader to type -------------------------------------------------------


def commands() -> list[str]:
    """Every `dotnn` command in a documentation comment."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.rglob("*.nn"))]
    return [match for text in texts for match in re.findall(r"^## +(dotnn .*)$", text, re.MULTILINE)]


@pytest.mark.parametrize("command", [one for one in commands() if "--weights" not in one])
def test_documented_command(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES.parent)
    result = CliRunner().invoke(app, shlex.split(command)[1:])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("command", [one for one in commands() if "--weights" in one])
def test_documented_weights_are_looked_for(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """These need a file that is not shipped, and the command says so."""
    monkeypatch.chdir(EXAMPLES.parent)
    result = CliRunner().invoke(app, shlex.split(command)[1:])
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit | DotnnError)


def test_there_are_commands_to_type() -> None:
    shown = "\n".join(commands())
    assert all(
        example_path(name).relative_to(EXAMPLES.parent).as_posix() in shown
        for name, example in ALL_FACTS.items()
        if example.feeds
    )


# The inputs that are shipped -----------------------------------------------------------------------------------------


def test_the_digit_is_what_its_script_draws() -> None:
    """Up to the rounding of other versions of Pillow."""
    drawn = np.asarray(runpy.run_path(str(DATA / "draw_digit.py"))["draw"](), dtype=float)
    with Image.open(DATA / "digit.png") as image:
        shipped = np.asarray(image, dtype=float)
    assert shipped.shape == (28, 28)
    assert np.abs(drawn - shipped).mean() < 4
    assert shipped.max() > 250
    assert shipped[:3].max() < 5


@pytest.mark.parametrize(
    ("labels", "model", "output"),
    [
        ("digits.txt", "mnist_cnn", "probabilities"),
        ("x_or_o.txt", "x_or_o", "probabilities"),
        ("letters.txt", "char_rnn", "next_letter"),
    ],
)
def test_there_is_a_label_for_each_class(labels: str, model: str, output: str) -> None:
    names = (DATA / labels).read_text(encoding="utf-8").split()
    assert len(set(names)) == ALL_FACTS[model].outputs[output][-1]
