"""Any text whatever gets an answer: a report, within bounds, and never an exception."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dotnn.compiler.checking import check
from dotnn.compiler.diagnostics import Diagnostic, Report
from dotnn.compiler.diagnostics.machine_readable import github, to_json
from dotnn.compiler.diagnostics.render import render_all
from dotnn.compiler.diagnostics.report import MAXIMUM
from dotnn.compiler.limits import Limits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers import attacks
from tests.helpers.paths import EXAMPLES

SOURCES = sorted(path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*.nn"))

#: Low bounds, so that what runs into them does so soon.
LOW = Limits(steps=20_000, nodes=500, tokens=100_000, list_length=10_000)

#: Attacks of one word over and over; there are hundreds.
WORDS = [name for name in attacks.ATTACKS if name.startswith(("only_", "spaced_"))]
OTHERS = [name for name in attacks.ATTACKS if name not in WORDS]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the examples, for mutants beside what they import."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(EXAMPLES, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("[!.]*.png", "data"))
    return folder


def report_of(data: bytes | str, path: Path, limits: Limits | None = None) -> Report:
    """What `check` says of a file of these bytes, after a look at whether it can be said at all."""
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
    report = check(path, limits=limits)
    diagnostics = report.diagnostics
    assert report.has_errors == bool(report.errors)
    assert len(report.errors) <= MAXIMUM + 1
    for one in diagnostics:
        assert_placed(one)
    render_all(diagnostics, color=True, width=None)
    assert render_all(diagnostics, color=False, width=80) or not diagnostics
    for one in diagnostics:
        assert to_json(one)
        assert github(one)
    return report


def assert_placed(diagnostic: Diagnostic) -> None:
    """A diagnostic of a text has a place in it."""
    span = diagnostic.span
    assert span is not None or diagnostic.code == "W501", diagnostic
    if span is not None:
        assert 0 <= span.start <= span.end <= len(span.source.text), diagnostic


# --- examples, maimed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SOURCES)
def test_beginnings_of_examples_are_answered(name: str, folder: Path):
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    mutant = (folder / name).with_name("mutant.nn")
    for beginning in attacks.prefixes(text, 1 if len(text) < 900 else 13):
        report_of(beginning, mutant)


@pytest.mark.parametrize("name", SOURCES)
def test_examples_without_one_token_are_answered(name: str, folder: Path):
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    mutant = (folder / name).with_name("mutant.nn")
    for maimed in attacks.without_single_tokens(text, 1 if len(text) < 900 else 7):
        report_of(maimed, mutant)


@pytest.mark.parametrize("name", SOURCES)
def test_examples_with_tokens_exchanged_are_answered(name: str, folder: Path):
    source = random.Random(name)
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    tokens = attacks.TOKEN.findall(text)
    mutant = (folder / name).with_name("mutant.nn")
    for _ in range(15):
        changed = list(tokens)
        for _ in range(source.randint(1, 4)):
            changed[source.randrange(len(changed))] = source.choice(tokens)
        report_of("\n".join(changed), mutant, LOW)


# --- attacks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OTHERS)
def test_attacks_are_answered(name: str, tmp_path: Path):
    report_of(attacks.text_of(name, 0.02), tmp_path / "attack.nn", LOW)


def test_one_word_over_and_over_is_answered(tmp_path: Path):
    for name in WORDS:
        report_of(attacks.text_of(name, 0.002), tmp_path / "attack.nn", LOW)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("number_power_of_powers", "integer_bits"),
        ("number_range_of_billions", "list_length"),
        ("doubling_lists", "list_length"),
        ("doubling_strings", "list_length"),
        ("nested_shared_lists", "list_length"),
        ("nested_shared_lists_compared", "list_length"),
        ("repeat_a_billion", "nodes"),
        ("repeat_nothing_a_billion", "steps"),
        ("loops_in_loops", "nodes"),
        ("exponential_empty_blocks", "steps"),
        ("exponential_values", "steps"),
        ("chain_of_blocks_too_long", "nesting"),
        ("deep_consts", "nesting"),
        ("deep_expressions_in_deep_blocks", "nesting"),
        ("deep_parentheses_closed", "nesting"),
        ("very_long_label", "name_length"),
        ("extrema_in_loops", "steps"),
        ("many_models", "steps"),
        ("longer_list_than_allowed", "tokens"),
        ("two_megabytes", "source_bytes"),
    ],
)
def test_what_is_too_much_names_the_limit_and_the_flag(name: str, limit: str, tmp_path: Path):
    report = report_of(attacks.text_of(name, 0.3), tmp_path / "attack.nn", LOW)
    exceeded = [one for one in report.errors if one.code == "E501"]
    assert exceeded
    assert f"`{limit}`" in exceeded[0].headline()
    assert f"--limit {limit}=" in exceeded[0].advice()


def test_a_raised_limit_lets_the_same_text_pass(tmp_path: Path):
    text = "model m { input x: float32[N, 8] output y = x -> repeat(1_500) { relu } }"
    assert report_of(text, tmp_path / "a.nn", LOW).has_errors
    assert not report_of(text, tmp_path / "a.nn", Limits(nodes=2_000)).has_errors


def test_errors_are_capped(tmp_path: Path):
    report = report_of(attacks.text_of("unknown_layers", 0.05), tmp_path / "attack.nn")
    assert [one.code for one in report.errors] == ["E203"] * MAXIMUM + ["E502"]


def test_a_mistake_met_over_and_over_is_reported_once(tmp_path: Path):
    report = report_of(attacks.text_of("failing_block_called_often"), tmp_path / "attack.nn")
    codes = [one.code for one in report.errors]
    assert codes.count("E502") == codes.count("E305") == 1


def test_warnings_are_capped_and_hide_no_error(tmp_path: Path):
    report = report_of(attacks.text_of("unused_bindings", 0.01), tmp_path / "attack.nn")
    assert [one.code for one in report.diagnostics].count("L404") == MAXIMUM
    assert [one.code for one in report.diagnostics].count("W501") == 1
    assert not report.has_errors
    repeated = report_of(attacks.text_of("repeated_warnings", 1), tmp_path / "attack.nn")
    assert [one.code for one in repeated.diagnostics] == ["L404"]


def test_models_share_what_a_file_may_use(tmp_path: Path):
    one = "model m{i} {{ input x: float32[N] output y = x -> repeat(600) {{ relu }} }}\n"
    report = report_of("".join(one.format(i=i) for i in range(50)), tmp_path / "a.nn", LOW)
    assert [error.code for error in report.errors] == ["E501"]


def test_deep_reuse_and_freeze_paths_are_found_quickly(tmp_path: Path):
    path = ".".join(["a"] * 40)
    nested = "x -> " + "a: { " * 40 + "dense(8)" + " }" * 40
    text = f"model m {{ input x: float32[N, 8]\n y = {nested}\n freeze {path}, a\n output z = y -> reuse({path}) }}"
    assert not report_of(text, tmp_path / "a.nn").has_errors


# --- hypothesis -------------------------------------------------------------------------------------------------------

bounded = settings(
    max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
VOCABULARY = sorted(
    {token for name in SOURCES for token in attacks.TOKEN.findall((EXAMPLES / name).read_text(encoding="utf-8"))}
)
SMALL = (EXAMPLES / "mnist_dense.nn").read_text(encoding="utf-8")


@bounded
@given(data=st.binary(max_size=400))
def test_any_bytes_are_answered(data: bytes, tmp_path: Path):
    report_of(data, tmp_path / "any.nn", LOW)


@bounded
@given(text=st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_characters_are_answered(text: str, tmp_path: Path):
    report_of(text, tmp_path / "any.nn", LOW)


@bounded
@given(tokens=st.lists(st.sampled_from(VOCABULARY), max_size=60))
def test_any_words_are_answered(tokens: list[str], tmp_path: Path):
    report_of("\n".join(tokens), tmp_path / "any.nn", LOW)


@bounded
@given(tokens=st.lists(st.sampled_from(VOCABULARY), max_size=25))
def test_any_words_in_a_body_are_answered(tokens: list[str], tmp_path: Path):
    body = " ".join(token for token in tokens if not token.startswith("#"))
    report_of(f"model m {{ input x: float32[N, 8, H, W]\n y = {body} }}", tmp_path / "any.nn", LOW)


@bounded
@given(
    place=st.integers(0, len(SMALL)),
    removed=st.integers(0, 20),
    added=st.one_of(st.text(max_size=8), st.sampled_from(VOCABULARY)),
)
def test_any_edit_of_an_example_is_answered(place: int, removed: int, added: str, tmp_path: Path):
    report_of(SMALL[:place] + added + SMALL[place + removed :], tmp_path / "any.nn", LOW)


# --- files ------------------------------------------------------------------------------------------------------------


def test_an_import_reads_regular_files_only(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.nn")
    (tmp_path / "folder.nn").mkdir()
    (tmp_path / "loop.nn").symlink_to(tmp_path / "loop.nn")
    (tmp_path / "large.nn").write_bytes(b"#" * 1_000_001)
    names = ["pipe", "folder", "loop", "large", "missing", "\\u{0}", "a" * 5000]
    text = "".join(f'import a{i} from "{name}.nn"\n' for i, name in enumerate(names))
    report = report_of(text, tmp_path / "a.nn")
    assert sorted(one.code for one in report.errors) == ["E501", *["E601"] * 6]
    assert any("no regular file" in one.headline() for one in report.errors)


@pytest.mark.parametrize("name", ["pipe", "folder", "loop", "missing", "nul\0"])
def test_only_regular_files_are_checked(name: str, tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    report = check(tmp_path / name)
    assert [one.code for one in report.errors] == ["E607"]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no endless device here")
def test_devices_are_not_read(tmp_path: Path):
    assert check("/dev/zero").has_errors
    (tmp_path / "zero.nn").symlink_to("/dev/zero")
    (tmp_path / "a.nn").write_text('import a from "zero.nn"', encoding="utf-8")
    # Outside of the folder of the project; where that is the whole machine, a device all the same.
    assert [one.code for one in check(tmp_path / "a.nn").errors] == ["E603"]
    assert [one.code for one in check(tmp_path / "a.nn", root="/").errors] == ["E601"]


def test_long_chains_and_circles_of_imports_are_answered(tmp_path: Path):
    for i in range(250):
        text = f'import b{i + 1} from "f{i + 1}.nn"\nblock b{i}(x) {{ return x -> relu }}'
        (tmp_path / f"f{i}.nn").write_text(text, encoding="utf-8")
    assert [one.code for one in check(tmp_path / "f0.nn").errors] == ["E501"]
    (tmp_path / "f20.nn").write_text('import b0 from "f0.nn"\nblock b20(x) { return x }', encoding="utf-8")
    assert [one.code for one in check(tmp_path / "f0.nn").errors] == ["E602"]


# --- processes --------------------------------------------------------------------------------------------------------


def dotnn_check(data: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "dotnn", "check", "-"]
    return subprocess.run(command, input=data, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("name", ["repeat_a_huge_number", "number_power_of_powers", "random_bytes", "utf16"])
def test_a_process_ends_with_exit_code_1_and_a_diagnostic(name: str):
    ended = dotnn_check(attacks.text_of(name, 0.1))
    assert ended.returncode == 1
    assert ended.stdout.startswith(b"error[E")
    assert b"Traceback" not in ended.stderr


def test_a_process_with_nothing_to_read_ends_with_exit_code_0():
    ended = dotnn_check(b"")
    assert (ended.returncode, ended.stderr) == (0, b"")
