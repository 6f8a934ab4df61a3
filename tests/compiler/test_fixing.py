"""Fixing files: what is kept, what is not, and what comes of it for files that import each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import pytest
from dotnn.compiler import checking
from dotnn.compiler.checking import Checked
from dotnn.compiler.diagnostics import Diagnostic, Edit, Fix, Report, Safety, Severity
from dotnn.compiler.fixing import Examine, Fixed, fix_files
from dotnn.compiler.records import record
from dotnn.compiler.source import Span

HEAD = "model net {\n    input x: float32[N, 3, 8, 8]\n"


def files(folder: Path, **texts: str) -> list[str]:
    """The paths of some files with these texts."""
    for name, text in texts.items():
        (folder / f"{name}.nn").write_text(text)
    return [str(folder / f"{name}.nn") for name in texts]


def text_of(fixed: Fixed, name: str) -> str:
    source = fixed.checked[name].source
    assert source is not None
    return source.text


def said(fixed: Fixed) -> list[str]:
    return [one.code for checked in fixed.checked.values() for one in checked.report.diagnostics]


def fixed_codes(fixed: Fixed) -> list[str]:
    return [one.code for file in fixed.files for one in file.fixed]


@record
class Claim(Diagnostic):
    """Says that any edit mends something."""

    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "this is said to be wrong"

    edit: Edit
    safety: Safety

    def fix(self) -> Fix:
        return Fix((self.edit,), self.safety)


@dataclass
class Counting:
    """Checks files and counts the checks."""

    calls: int = 0
    names: list[str] = field(default_factory=list)

    def __call__(self, name: str, data: bytes | None, contents: Mapping[Path | None, bytes]) -> Checked:
        self.calls += 1
        self.names.append(Path(name).name)
        return checking.examine(name, data, contents)


def test_many_fixes_are_checked_at_once(tmp_path: Path) -> None:
    consts = "".join(f"const c{number} = {number}\n" for number in range(100))
    (name,) = files(tmp_path, net=f"{consts}{HEAD}    output y = x\n}}\n")
    examine = Counting()
    fixed = fix_files([name], examine)
    assert text_of(fixed, name) == f"{HEAD}    output y = x\n}}\n"
    assert len(fixed_codes(fixed)) == 100
    assert examine.calls == 2


def test_more_findings_than_are_printed_are_fixed(tmp_path: Path) -> None:
    consts = "".join(f"const c{number} = {number}\n" for number in range(300))
    (name,) = files(tmp_path, net=f"{consts}{HEAD}    output y = x\n}}\n")
    assert "W" not in text_of(fix_files([name], checking.examine), name)
    assert len(fixed_codes(fix_files([name], checking.examine))) == 300


def test_a_fix_that_brings_an_error_to_light_is_not_made(tmp_path: Path) -> None:
    body = '    output y = x |> conv2d(8, kernel=3, padding="SAME") -> dense(0)\n}\n'
    (name,) = files(tmp_path, net=HEAD + body)
    fixed = fix_files([name], checking.examine)
    assert (text_of(fixed, name), said(fixed), fixed.files) == (HEAD + body, ["E133"], ())


def test_a_fix_that_needs_another_one_is_made_with_it(tmp_path: Path) -> None:
    body = '    output y = x |> conv2d(8, kernel=3, padding="SAME")\n}\n'
    (name,) = files(tmp_path, net=HEAD + body)
    fixed = fix_files([name], checking.examine)
    assert text_of(fixed, name) == HEAD + body.replace("|>", "->").replace("SAME", "same")
    assert (said(fixed), fixed_codes(fixed)) == ([], ["E133", "E301"])


def test_when_there_are_no_errors_any_more_the_rules_are_asked(tmp_path: Path) -> None:
    body = '    k = 3\n    output y = x -> conv2d(8, kernel=3, padding="SAME")  # dotnn: ignore[L101]\n}\n'
    (name,) = files(tmp_path, net=HEAD + body)
    fixed = fix_files([name], checking.examine)
    assert text_of(fixed, name) == HEAD + '    output y = x -> conv2d(8, kernel=3, padding="same")\n}\n'
    assert fixed_codes(fixed) == ["E301", "L404", "L401"]


def test_what_is_unsafe_is_counted_and_made_when_asked_for(tmp_path: Path) -> None:
    body = "    output y = x -> conv2d(8, kernel=3) -> batch_norm -> relu -> relu\n}\n"
    (name,) = files(tmp_path, net=HEAD + body)
    fixed = fix_files([name], checking.examine)
    assert (fixed.files, len(fixed.fixable), said(fixed)) == ((), 2, ["L103", "L101"])
    fixed = fix_files([name], checking.examine, unsafe=True)
    assert (
        text_of(fixed, name) == HEAD + "    output y = x -> conv2d(8, kernel=3, bias=false) -> batch_norm -> relu\n}\n"
    )
    assert (len(fixed.fixable), said(fixed)) == (0, [])


IMPORTED = """const WIDTH = 8
const DEPTH = 2

block body(x) {
    return x -> dense(WIDTH)
}

model own {
    input x: float32[N, 4]
    output y = x -> body
}
"""
IMPORTING = """import body, DEPTH from "shared.nn"

model net {
    input x: float32[N, 4]
    output y = x -> repeat(DEPTH) { body -> relu }
}
"""


def test_what_another_file_of_the_call_needs_stays(tmp_path: Path) -> None:
    shared, net = files(tmp_path, shared=IMPORTED, net=IMPORTING)
    assert "DEPTH" not in text_of(fix_files([shared], checking.examine), shared)
    fixed = fix_files([shared, net], checking.examine)
    assert (fixed.files, text_of(fixed, shared)) == ((), IMPORTED)
    assert said(fixed) == ["L402"]


def test_files_are_changed_one_for_the_other(tmp_path: Path) -> None:
    unused = IMPORTING.replace("repeat(DEPTH) { body -> relu }", "body")
    shared, net = files(tmp_path, shared=IMPORTED, net=unused)
    fixed = fix_files([shared, net], checking.examine)
    assert text_of(fixed, net) == unused.replace("body, DEPTH", "body")
    assert text_of(fixed, shared) == IMPORTED.replace("const DEPTH = 2\n", "")
    assert said(fixed) == []


def test_a_file_that_is_not_named_is_left_alone(tmp_path: Path) -> None:
    wrong = IMPORTED.replace("dense(WIDTH)", "Dense(WIDTH)")
    shared, net = files(tmp_path, shared=wrong, net=IMPORTING)
    fixed = fix_files([net], checking.examine)
    assert (fixed.files, len(fixed.fixable)) == ((), 0)
    assert "E203" in said(fixed)
    both = fix_files([net, shared], checking.examine)
    assert [Path(file.name).name for file in both.files] == ["shared.nn"]
    assert (text_of(both, shared), fixed_codes(both)) == (IMPORTED, ["E203"])


def test_a_file_is_checked_with_those_that_import_it_and_no_others(tmp_path: Path) -> None:
    shared, net, other = files(
        tmp_path, shared=f"{IMPORTED}const LAST = 1\n", net=IMPORTING, other=f"{HEAD}    output y = x\n}}\n"
    )
    examine = Counting()
    fix_files([shared, net, other], examine)
    assert examine.names.count("other.nn") == 1
    assert examine.names.count("net.nn") > 1


# --- fixes that say they do what they do not --------------------------------------------------------------------------


def claiming(old: str, new: str, safety: Safety = Safety.SAFE) -> Examine:
    """A check that finds a word and says that another one mends it; or finds something else when that is done."""

    def places(checked: Checked) -> Iterator[Span]:
        source = checked.source
        assert source is not None
        start = source.text.find(old)
        while start >= 0:
            yield source.span(start, start + len(old))
            start = source.text.find(old, start + 1)

    def examine(name: str, data: bytes | None, contents: Mapping[Path | None, bytes]) -> Checked:
        checked = checking.examine(name, data, contents)
        report = Report()
        report.extend(checked.report.diagnostics)
        for span in places(checked):
            report.add(Claim(span=span, edit=Edit(span, new), safety=safety))
        return replace(checked, report=report)

    return examine


BODY = "    output y = x -> flatten -> %s(4) -> relu\n}\n"


@pytest.mark.parametrize("new", ["dens", "relu", "dense(4) -> dense", "dense # ("])
def test_a_fix_that_makes_it_worse_is_never_made(tmp_path: Path, new: str) -> None:
    text = HEAD + BODY % "dense"
    (name,) = files(tmp_path, net=text)
    for safety in Safety:
        fixed = fix_files([name], claiming("dense", new, safety), unsafe=True)
        assert (fixed.files, text_of(fixed, name)) == ((), text)


def test_a_fix_whose_finding_is_still_there_is_never_made(tmp_path: Path) -> None:
    text = HEAD + BODY % "dense"
    (name,) = files(tmp_path, net=text)
    fixed = fix_files([name], claiming("(4)", "(4)  "), unsafe=True)
    assert (fixed.files, text_of(fixed, name)) == ((), text)


def test_a_fix_that_changes_the_network_counts_as_unsafe(tmp_path: Path) -> None:
    text = HEAD + BODY % "dense"
    (name,) = files(tmp_path, net=text)
    fixed = fix_files([name], claiming("relu", "tanh"))
    assert (fixed.files, len(fixed.fixable)) == ((), 1)
    fixed = fix_files([name], claiming("relu", "tanh"), unsafe=True)
    assert (text_of(fixed, name), said(fixed)) == (text.replace("relu", "tanh"), [])


@pytest.mark.parametrize("bad", [1, 4, 9])
def test_one_bad_fix_does_not_spoil_the_others(tmp_path: Path, bad: int) -> None:
    lines = [f"const c{number} = 1\n" for number in range(10)]
    text = f"{''.join(lines)}{HEAD}    output y = x -> flatten -> dense(c{bad})\n}}\n"
    (name,) = files(tmp_path, net=text)

    def examine(name: str, data: bytes | None, contents: Mapping[Path | None, bytes]) -> Checked:
        """The const that is used is said to be unused, too."""
        checked = checking.examine(name, data, contents)
        source, report = checked.source, Report()
        assert source is not None
        report.extend(checked.report.diagnostics)
        start = source.text.find(lines[bad])
        if start >= 0:
            span = source.span(start, start + len(lines[bad]))
            report.add(Claim(span=span, edit=Edit(span, ""), safety=Safety.SAFE))
        return replace(checked, report=report)

    fixed = fix_files([name], examine)
    assert text_of(fixed, name) == lines[bad] + text[text.index("model") :]
    assert (fixed_codes(fixed), len(fixed.fixable)) == (["L402"] * 9, 0)


def test_a_fix_that_calls_for_itself_ends(tmp_path: Path) -> None:
    text = HEAD + BODY % "dense"
    (name,) = files(tmp_path, net=text)
    fixed = fix_files([name], claiming("# a", "# a# a"), unsafe=True)
    assert text_of(fixed, name) == text
    (name,) = files(tmp_path, other=f"# a\n{text}")
    fixed = fix_files([name], claiming("# a", "# a# a"), unsafe=True)
    assert text_of(fixed, name) == f"# a\n{text}"
