"""The documentation: its samples compile, its facts are those of the program, its links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
import runpy
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner
from dotnn.cli.app import COMMANDS, app
from dotnn.compiler.checking import check
from dotnn.compiler.configuration.settings_reader import read_settings
from dotnn.compiler.diagnostics.explain import codes, explain
from dotnn.compiler.driver import compile_source
from dotnn.compiler.initializers import INITIALIZERS
from dotnn.compiler.layers import LAYERS
from dotnn.compiler.layers.documentation import layer_list, layer_page, page_of, signature
from dotnn.compiler.lint.asking import load_all
from dotnn.compiler.lint.retired import RETIRED
from dotnn.compiler.source import Source

from tests.helpers.fences import Fence, as_model, fences, page_fences
from tests.helpers.paths import DOCS, ROOT

load_all()
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md")))
FENCES = [fence for page in PAGES for fence in page_fences(page)]

#: Inputs that the samples of diagnostics may leave out.
SAMPLE_INPUTS = ("", "input x: float32[N, 16]\n", "input x: float32[N, T, 16]\n")


@cache
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Samples --------------------------------------------------------------------------------------------------------------


def samples() -> list[Fence]:
    return [fence for fence in FENCES if fence.language == "nn" and fence.file is None]


def siblings(sample: Fence) -> Iterator[Fence]:
    """The files that samples of the same page import."""
    page = sample.place.partition(":")[0]
    return (fence for fence in FENCES if fence.file and fence.place.startswith(f"{page}:"))


def found_codes(text: str, folder: Path, *, whole: bool = False) -> list[str]:
    """Codes of everything that `dotnn check` says of a text; what is unused in it only if it is a whole file."""
    path = folder / "sample.nn"
    path.write_text(text, encoding="utf-8")
    # A sample shows one thing, and is not a network that anybody would train.
    ignored = ("L1", "L2", "L3", "L5") if whole else ("L",)
    return [one.code for one in check(path, ignore=ignored).diagnostics]


@pytest.mark.parametrize("sample", samples(), ids=lambda one: one.place)
def test_sample(sample: Fence, tmp_path: Path) -> None:
    for other in siblings(sample):
        path = tmp_path / str(other.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(other.text, encoding="utf-8")
    assert tuple(found_codes(sample.source, tmp_path, whole=not sample.fragment)) == sample.errors


def test_info_words_are_known() -> None:
    """A fence with a misspelt word would not be tested."""
    languages = {fence.language for fence in FENCES}
    assert languages <= {"nn", "sh", "console", "text", "python", "toml", "yaml"}
    words = {word for fence in FENCES if fence.language == "nn" and not fence.file for word in fence.words[1:]}
    assert {word for word in words if not re.fullmatch(r"E\d{3}", word)} <= {"fragment", "error"}


def diagnostic_samples() -> list[Fence]:
    # The samples of rules are held to them where the rules are tested.
    pages = {one.code: explain(one.code) or "" for one in codes() if not one.code.startswith("L")}
    return [fence for code, page in pages.items() for fence in fences(page, code)]


def code_of(sample: Fence) -> str:
    return sample.place.partition(":")[0]


@cache
def shown_by(sample: Fence) -> frozenset[str]:
    """The codes that a sample has as a file, or as statements with a fitting input; its imports may be missing."""
    texts = [sample.text, *(as_model(given + sample.text) for given in SAMPLE_INPUTS)]
    found: frozenset[str] = frozenset()
    with TemporaryDirectory() as folder:
        for text in texts:
            found = frozenset(found_codes(text, Path(folder))) - {"E601"}
            if found <= {code_of(sample)}:
                return found
    return found


@pytest.mark.parametrize("sample", diagnostic_samples(), ids=lambda one: one.place)
def test_sample_of_a_diagnostic(sample: Fence) -> None:
    """It shows its own mistake, or none."""
    assert sample.words == ("nn",)
    assert shown_by(sample) <= {code_of(sample)}


def test_every_diagnostic_with_samples_shows_its_mistake() -> None:
    """But for those of weight files, which no text alone has."""
    samples = [one for one in diagnostic_samples() if not code_of(one).startswith(("E8", "E9"))]
    assert {code_of(one) for one in samples} - {code for one in samples for code in shown_by(one)} == set()


# What is generated ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", generate().WRITTEN, ids=lambda path: path.name)
def test_generated_page_is_up_to_date(path: Path) -> None:
    text = generate().output(path)
    assert path.read_text(encoding="utf-8") == text, f"run `python docs/generate.py`: {path.name} is out of date"


def test_picture_is_up_to_date() -> None:
    """By its words: how rich draws them is its own business."""
    shown = "".join(generate().picture_text(generate().PICTURE.read_text(encoding="utf-8")).split())
    for line in generate().command_output(generate().PICTURED).splitlines():
        for words in re.split(r"\s{2,}", line.strip()):
            assert "".join(words.split())[:60] in shown


def test_picture_loads_nothing() -> None:
    text = generate().PICTURE.read_text(encoding="utf-8")
    assert "url(http" not in text
    assert "@font-face" not in text


def test_layer_page_has_every_layer() -> None:
    page = (DOCS / "layers.md").read_text(encoding="utf-8")
    for kind, layer in LAYERS.items():
        assert (f"\n### {kind}\n" in page) == layer.callable


def test_signatures() -> None:
    assert signature(LAYERS["max_pool2d"]) == "max_pool2d(x | kernel, stride=kernel, padding=0, ceil=false, dilation=1)"
    assert signature(LAYERS["split"]) == "split(x | parts, axis=1) -> …"
    assert signature(LAYERS["relu"]) == "relu(x)"
    assert "eps=1e-5, momentum=0.1" in signature(LAYERS["batch_norm"])
    assert signature(LAYERS["lstm"]).endswith("initial_h?, initial_c?, lengths?) -> y, h, c")


@pytest.mark.parametrize("kind", sorted(kind for kind, layer in LAYERS.items() if layer.callable))
def test_terminal_page(kind: str) -> None:
    layer = LAYERS[kind]
    page = layer_page(layer)
    assert page.startswith(f"{kind}(")
    assert "``" not in page
    for argument in page_of(layer).arguments:
        assert re.search(rf"^  {argument.name} +\S", page, re.MULTILINE)
    prose = page.partition("Samples:")[0]
    assert max(len(line) for line in prose.splitlines()) <= 120


def test_layer_list_has_a_line_for_each() -> None:
    callable_layers = {kind: layer for kind, layer in LAYERS.items() if layer.callable}
    lines = layer_list(callable_layers).splitlines()
    assert [line.split()[0] for line in lines] == sorted(callable_layers)
    assert all(len(line.split()) > 3 for line in lines)


# The language page ----------------------------------------------------------------------------------------------------


def test_names_in_the_section_on_names() -> None:
    """The comments of its sample say what the layers are called."""
    (sample,) = (one for one in page_fences(DOCS / "language.md") if "model named" in one.text)
    names = [node.name for node in compile_source(sample.text).graph.nodes()]
    for comment in re.findall(r"# (\S.*)$", sample.text, re.MULTILINE):
        for name in comment.removesuffix(", …").split(", "):
            assert name in names


def test_every_initializer_is_listed() -> None:
    page = (DOCS / "language.md").read_text(encoding="utf-8")
    assert [name for name in INITIALIZERS if f"`{name}`" not in page] == []


def test_keywords_are_those_of_the_grammar() -> None:
    from dotnn.compiler.syntax.tokens import KEYWORDS

    page = " ".join((DOCS / "language.md").read_text(encoding="utf-8").split())
    match = re.search(r"Keywords are `([^`]+)`", page)
    assert match is not None
    assert sorted(match[1].split()) == sorted(KEYWORDS)


# The README -----------------------------------------------------------------------------------------------------------


def readme_lines() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^python3 -m venv \.venv && .*$", text, re.MULTILINE)


def test_the_two_lines() -> None:
    """Each sets up its own environment and does its job; the tests run what follows the installation."""
    run, test = readme_lines()
    assert re.fullmatch(r"python3 -m venv \.venv && \.venv/bin/pip install \. && \.venv/bin/dotnn run examples/.*", run)
    installed = r'python3 -m venv \.venv && \.venv/bin/pip install -e "\.\[test\]" && \.venv/bin/pytest( -n auto)?'
    assert re.fullmatch(installed, test)


def lesson_commands() -> list[str]:
    """Every `dotnn` command of the page of the lessons, those with outputs and those in sentences included."""
    text = (DOCS / "learn.md").read_text(encoding="utf-8")
    shown = re.findall(r"^(?:\$ )?dotnn (.+)$", text, re.MULTILINE)
    return shown + re.findall(r"`dotnn (\w+\s+examples/[^`]+)`", text)


def dotnn_commands() -> list[str]:
    """Every `dotnn` command of the pages for users that needs no file of the reader's own."""
    pages = [fence for fence in FENCES if fence.place.startswith(("README.md", "cli.md")) and fence.language == "sh"]
    lines = [line.partition("dotnn ")[2] for one in pages for line in one.text.splitlines() if "dotnn " in line]
    own = {line for line in lines if "net." not in line and "--weights" not in line and "build" not in line}
    return sorted(own | set(lesson_commands()))


@pytest.mark.parametrize("command", dotnn_commands())
def test_command(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    files = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "examples").glob("*.nn"))]
    result = CliRunner().invoke(app, shlex.split(command.replace("examples/*.nn", " ".join(files))))
    assert result.exit_code == 0, result.output


def test_readme_model_is_the_example() -> None:
    (sample,) = (one for one in page_fences(ROOT / "README.md") if one.language == "nn")
    shipped = check_summary((ROOT / "examples" / "mnist_cnn.nn").read_text(encoding="utf-8"))
    assert check_summary(sample.text) == shipped


def check_summary(text: str) -> list[tuple[str, str, int]]:
    return [(row.path, str(row.outputs), row.count.params) for row in compile_source(text).summary().rows]


def test_every_command_is_described() -> None:
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert re.findall(r"^## ([\w-]+)$", page, re.MULTILINE) == list(COMMANDS)


# The page of the Python API -------------------------------------------------------------------------------------------


def test_python_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """They are one program, and what its comments say is printed is printed."""
    program = "".join(fence.text for fence in page_fences(DOCS / "python.md") if fence.language == "python")
    script = tmp_path / "program.py"
    script.write_text(program, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script))
    printed = capsys.readouterr().out
    assert "False no errors, no warnings\nL301 `params` of `tiny` is 67, and its budget is 50: " in printed
    for said in ("tiny 58\n", "hidden float32[N, 8] (4+1)*8\n", "E203 ", "x float32[N, 4]\n", "(3, 2) 32.0\n"):
        assert said in printed
    assert (tmp_path / "tiny.onnx").stat().st_size > 0


# The pages of the linter ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", [fence for fence in FENCES if fence.language == "toml"], ids=lambda one: one.place)
def test_settings_in_the_documentation_are_right(sample: Fence) -> None:
    source = Source("dotnn.toml", sample.text)
    settings = read_settings(source, ROOT, is_shared="[tool.dotnn]" in sample.text)
    assert settings is not None
    assert not settings.faults


def test_the_test_that_teams_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """It passes for a network of the sample, and fails for one with a mistake."""
    (sample,) = (fence for fence in page_fences(DOCS / "teams.md") if fence.language == "python")
    monkeypatch.chdir(DOCS / "samples" / "team")
    program: dict[str, Any] = {}
    exec(sample.text, program)
    program["test_network"](Path("nets/edge/digits.nn"))
    with pytest.raises(AssertionError, match="E203"):
        program["test_network"](Path("drafts/next.nn"))


def test_the_workflow_that_teams_are_shown_runs_what_the_page_shows() -> None:
    workflow = (DOCS / "samples/team/.github/workflows/networks.yml").read_text(encoding="utf-8")
    page = (DOCS / "teams.md").read_text(encoding="utf-8")
    commands = re.findall(r"- run: (dotnn .*)", workflow)
    assert commands
    assert all(f"\n$ {command}\n" in page for command in commands)


# The page for those who come from elsewhere ---------------------------------------------------------------------------


def foreign_rows() -> list[tuple[str, str]]:
    """The cells of the table of names: what a layer is called here, and there."""
    page = (DOCS / "coming_from.md").read_text(encoding="utf-8")
    table = page.partition("## Names")[2].partition("## Layouts")[0]
    cells = [re.split(r" \| ", line.strip("| ")) for line in table.splitlines() if line.startswith("| `")]
    return [(here, there) for here, *others in cells for there in others]


@pytest.mark.parametrize(("here", "there"), foreign_rows())
def test_names_of_other_frameworks_are_known(here: str, there: str) -> None:
    """Each is one that a layer of the row says of itself, so that a mistake leads to it."""
    kinds = [kind for kind in re.findall(r"`(\w+)`", here) if kind in LAYERS]
    assert kinds
    known = {kind.replace("_", "") for kind in kinds} | {"add", "conv2d", "flatten", "adaptiveavgpool2d"}
    known |= {name.format(rank=2) for kind in kinds for name in LAYERS[kind].foreign_names}
    names = [name.rpartition(".")[2].lower() for name in re.findall(r"`([A-Za-z.]\w*(?:\.\w+)*)", there)]
    assert [name for name in names if name not in known and name != "groups"] == []


# The page of the ONNX file --------------------------------------------------------------------------------------------


def test_metadata_keys() -> None:
    import onnx

    model = onnx.load_from_string(
        compile_source("model m() { input i: int64[N] output y = i -> embedding(4, dim=2) }").to_bytes(
            labels=("a", "b")
        )
    )
    keys = [one.key for one in model.metadata_props] + [one.key for one in model.graph.node[0].metadata_props]
    page = (DOCS / "onnx.md").read_text(encoding="utf-8")
    assert sorted(keys) == sorted(re.findall(r"^\| `(dotnn\.[a-z.]+)` \|", page, re.MULTILINE))


# Links ----------------------------------------------------------------------------------------------------------------


def links() -> list[tuple[str, str]]:
    pages = [(page, _without_fences(page.read_text(encoding="utf-8"))) for page in PAGES]
    return [
        (str(page.relative_to(ROOT)), target)
        for page, text in pages
        for target in re.findall(r"\]\(([^)\s]+)\)", text)
        if "://" not in target
    ]


def _without_fences(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("page", "target"), sorted(set(links())))
def test_link(page: str, target: str) -> None:
    path, _, anchor = target.partition("#")
    found = (ROOT / page).parent / path if path else ROOT / page
    assert found.exists()
    if anchor:
        assert anchor in anchors(found)


def anchors(page: Path) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _without_fences(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_docs_speak_of_codes_that_exist() -> None:
    # Retired codes stand where it is told what has become of them, and in what is said of older versions.
    known = {one.code for one in codes()} | RETIRED.keys()
    for page in PAGES:
        assert set(re.findall(r"\b[ELW]\d{3}\b", page.read_text(encoding="utf-8"))) <= known
