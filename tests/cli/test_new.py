"""`dotnn new`: copies of the examples that compile wherever they stand, and nothing that is replaced."""

from __future__ import annotations

import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from dotnn.cli.example_copies import first_sentence, model_name
from dotnn.compiler import atomic_files
from dotnn.compiler.atomic_files import create_atomically
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.diagnostics.writing import AlreadyThere
from dotnn.compiler.driver import check, compile_file
from dotnn.examples import example_files

from tests.helpers.cli_calls import LONG, TINY, codes, dotnn, process
from tests.helpers.paths import EXAMPLES

NAMES = list(example_files())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(name: str, example: str) -> str:
    """The text of a copy, which has no errors and no warnings."""
    done = dotnn("new", name, "--from", example)
    assert (done.code, done.err) == (0, ""), done
    (path,) = Path().rglob("*.nn")
    assert check(path).diagnostics == ()
    return path.read_text(encoding="utf-8")


def code_of(text: str) -> str:
    """A text without comments."""
    return re.sub(r"\s*#.*", "", text)


# Copies ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_copied(name: str) -> None:
    text = written("mine", name)
    shipped = example_files()[name].read_text(encoding="utf-8")
    if len(re.findall(r"(?m)^model ", shipped)) == 1:
        assert compile_file("mine.nn").name == "mine"
        shipped = re.sub(r"(?m)^model \w+", "model mine", shipped)
    # The code is the same but for the name of a model, and files are imported from the library only.
    assert code_of(text) == code_of(shipped)
    assert all(path.startswith("dotnn/") for path in re.findall(r'^import .* from "(.*)"', text, re.MULTILINE))
    # What the comment says first, it says here, too.
    assert first_sentence(Path("mine.nn")) == first_sentence(example_files()[name])


@pytest.mark.parametrize("name", NAMES)
def test_commands_in_the_comments_of_a_copy_are_those_for_it(name: str) -> None:
    """They run in the folder of the copy: no path of the examples is left in them, nor data that is not there."""
    text = written("a copy", name)
    commands = re.findall(r"^##? +(dotnn .*)$", text, re.MULTILINE)
    shipped = re.findall(r"^##? +(dotnn .*)$", example_files()[name].read_text(encoding="utf-8"), re.MULTILINE)
    assert bool(commands) == bool(shipped)
    assert len(set(commands)) == len(commands)
    for command in commands:
        assert "'a copy.nn'" in command
        assert "examples/" not in command
        if "--weights" not in command and "build" not in command:
            done = dotnn(*shlex.split(command)[1:])
            assert done.code == 0, done


def test_commands_lose_the_data_of_the_examples() -> None:
    text = written("digits", "mnist_cnn")
    assert "##     dotnn summary digits.nn --explain\n##     dotnn run digits.nn --random 0\nmodel digits(" in text
    Path("digits.nn").unlink()
    text = written("way/../xo", "x_or_o") if Path("way").mkdir() is None else ""
    assert text.count("dotnn run") == 1
    Path("xo.nn").unlink()
    assert "dotnn build r.nn --weights resnet18.safetensors\n" in written("r", "resnet18")


def test_copies_in_comments_of_other_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands with images, on other files, and on nothing that is shipped; prose that names the file."""
    shipped = """\
## A net. As in `examples/zoo/net.nn`, see `examples/other.nn`.
##
##     dotnn run examples/zoo/net.nn -i examples/data/digit.png --scale 0..1 --mean 0.5 --save y.npy
##     dotnn run examples/zoo/net.nn --input a=[[1,2]] --labels examples/data/digits.txt
##
##     dotnn check examples/other.nn
##
model net {
    #     dotnn check examples/zoo/net.nn
    input x: float32[N, 3]
    output y = x -> dense(4)  # dotnn check examples/other.nn
}
"""
    Path("shipped").write_text(shipped)
    monkeypatch.setattr("dotnn.cli.example_copies.example_files", lambda: {"zoo/net": Path("shipped")})
    from dotnn.cli.example_copies import copied

    text, names = copied("zoo/net", Path("-b.nn"))
    assert names == ("b",)
    assert (
        text
        == """\
## A net. As in `-b.nn`, see `examples/other.nn`.
##
##     dotnn run ./-b.nn --save y.npy --random 0
##     dotnn run ./-b.nn --input 'a=[[1,2]]'
model b {
    #     dotnn check ./-b.nn
    input x: float32[N, 3]
    output y = x -> dense(4)  # dotnn check examples/other.nn
}
"""
    )


def test_several_models_keep_their_names() -> None:
    done = dotnn("new", "net", "--from", "folding")
    assert done.out.splitlines() == [
        "net.nn: the models deep, wide, from lessons/folding",
        "next: dotnn check net.nn && dotnn summary net.nn --model deep",
    ]
    assert "dotnn run net.nn --model wide --input 'x=[[0],[0.125]" in Path("net.nn").read_text()


def test_without_an_example_it_is_one_that_explains_itself() -> None:
    done = dotnn("new", "net")
    assert (done.code, done.err) == (0, "")
    assert done.out == "net.nn: the model net, from mnist_cnn\nnext: dotnn check net.nn && dotnn summary net.nn\n"
    text = Path("net.nn").read_text()
    assert {"input", "output", "expect", "->", "#"} <= set(text.split())
    assert dotnn("check", "--strict", "net.nn").out == "ok: net.nn\n"


@pytest.mark.parametrize(
    "written_as", ["zoo/resnet18", "resnet18", "resnet18.nn", "zoo/resnet18.nn", "examples/zoo/resnet18.nn"]
)
def test_examples_have_short_names(written_as: str) -> None:
    done = dotnn("new", "net", "--from", written_as)
    assert done.out.startswith("net.nn: the model net, from zoo/resnet18\n")


def test_a_short_name_of_several(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"net": Path("a"), "zoo/net": Path("b"), "old/deep": Path("c"), "zoo/deep": Path("d")}
    monkeypatch.setattr("dotnn.examples.example_files", lambda: files)
    done = dotnn("new", "x", "--from", "deep")
    assert done.code == 2
    assert "that may be `old/deep` or `zoo/deep`" in done.err
    done = dotnn("new", "x", "--from", "dep")
    assert "did you mean `old/deep` or `zoo/deep`?" in done.err


# Names ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("net", "net"),
        ("_Net2_", "_Net2_"),
        ("my-net", "my_net"),
        ("my net (2)", "my_net_2"),
        ("v1.2", "v1_2"),
        ("3d", "net_3d"),
        ("ünï-çödé", "uni_code"),
        ("网络", "default"),
        ("--", "default"),
        ("lstm", "lstm_net"),
        ("model", "model_net"),
        ("params", "params_net"),
        ("float32", "float32_net"),
        ("const", "const_net"),
        ("block", "block_net"),
        ("taken", "taken_net_net"),
    ],
)
def test_a_model_is_called_like_its_file(stem: str, name: str) -> None:
    assert model_name(stem, {"taken", "taken_net"}, "default") == name


@pytest.mark.parametrize("example", ["zoo/resnet18", "zoo/text_cnn", "filters_6x6"])
def test_a_file_may_be_called_like_anything_in_it(example: str) -> None:
    """Blocks, consts, imports, inputs, bindings, labels, layers, words of the language: all copies compile."""
    shipped = example_files()[example].read_text(encoding="utf-8")
    words = sorted(set(re.findall(r"[A-Za-z_]\w*", code_of(shipped))))
    # The names that a file brings into scope matter most; the larger one is compiled for every fifth of the others.
    for word in ["basic_stage", *words[::5]] if example == "zoo/resnet18" else words:
        done = dotnn("new", word, "--from", example)
        assert done.code == 0, done
        path = Path(f"{word}.nn")
        assert check(path).diagnostics == (), word
        name = compile_file(path).name
        assert f"{path}: the model {name}, from" in done.out
        assert name.removesuffix("_net") == word


@pytest.mark.parametrize(
    "name", ["spaces in it", "ünï-çödé", "-dash", "it's", "$HOME", "a;b", "x" * 200, "a.b.nn", ".nn.nn"]
)
def test_odd_names(name: str) -> None:
    done = dotnn("new", "--", name)
    assert (done.code, done.err) == (0, ""), done
    path = Path(name if name.endswith(".nn") else f"{name}.nn")
    assert [one.name for one in Path().iterdir()] == [path.name]
    assert check(path).diagnostics == ()
    # What to do next can be typed.
    first, _, second = done.out.splitlines()[1].removeprefix("next: ").partition(" && ")
    for command in (first, second):
        assert dotnn(*shlex.split(command)[1:]).code == 0


@pytest.mark.parametrize("name", ["deep/net", "deep/net.nn", "./deep/../deep/net"])
def test_a_name_may_be_a_path(name: str) -> None:
    Path("deep").mkdir()
    assert dotnn("new", name).code == 0
    assert compile_file("deep/net.nn").name == "net"
    assert (
        f"dotnn summary {name.removesuffix('.nn').removeprefix('./')}.nn --explain" in Path("deep/net.nn").read_text()
    )


def test_an_absolute_path(tmp_path: Path) -> None:
    assert dotnn("new", str(tmp_path / "net")).out.startswith(f"{tmp_path / 'net.nn'}: the model net,")
    assert (tmp_path / "net.nn").exists()


# What it refuses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "part"),
    [
        ([], "name the file"),
        ([""], "name the file"),
        (["-"], "no file"),
        (["."], "names no file"),
        ([".."], "names no file"),
        ([".nn"], "names no file"),
        (["deep/"], "write 'deep/net.nn'"),
        (["deep/.nn"], "write 'deep/net.nn'"),
        (["a\nb"], "'a\\nb' has characters"),
        (["a\x1b[31m"], "characters"),
        (["a\udcffb"], "characters"),
        (["nowhere/net"], "mkdir -p nowhere"),
        (["there.nn/net"], "there.nn"),
        (["there"], "`there.nn`: it is there already"),
        (["there.nn"], "name another file, or remove this one first"),
        (["folder"], "`folder.nn`: it is there already"),
        ([LONG], "too long"),
        (["net", "--from", "resnt18"], "did you mean `zoo/resnet18`?"),
        (["net", "--from", "zoo/resnt18"], "did you mean `zoo/resnet18`?"),
        (["net", "--from", "quux"], "dotnn new --list"),
        (["net", "--from", ""], "dotnn new --list"),
        (["net", "--from", "../mnist_cnn"], "did you mean `mnist_cnn`?"),
        (["net", "--from", "zoo"], "there is no example 'zoo'"),
        (["net", "--from", f"{EXAMPLES}/mnist_cnn.nn"], "did you mean `mnist_cnn`?"),
        (["net", "--list"], "--list"),
        (["net", "other"], "other"),
        (["net", "--form", "x"], "--from"),
    ],
)
def test_wrong_calls(call: list[str], part: str, folder: Path) -> None:
    Path("there.nn").write_text(TINY)
    Path("folder.nn").mkdir()
    done = dotnn("new", *call)
    assert (done.code, done.out) == (2, ""), done
    assert part in done.err, done
    assert sorted(path.name for path in folder.iterdir()) == ["folder.nn", "there.nn"]
    assert Path("there.nn").read_text() == TINY


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_a_link_is_something_that_is_there() -> None:
    Path("link.nn").symlink_to("nothing.nn")
    done = dotnn("new", "link")
    assert (done.code, codes(done.err)) == (2, ["E854"])
    assert not Path("nothing.nn").exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions of POSIX, which root has all")
def test_a_folder_that_may_not_be_written_to() -> None:
    Path("mine").mkdir(mode=0o500)
    done = dotnn("new", "mine/net")
    assert (done.code, codes(done.err)) == (2, ["E843"])


def refused_by_the_system(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_refusal_of_the_system_is_told(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(os, "open", refused_by_the_system)
    done = dotnn("new", "net")
    monkeypatch.undo()
    assert (done.code, codes(done.err)) == (2, ["E843"])
    assert list(folder.iterdir()) == []


# Files that are new ---------------------------------------------------------------------------------------------------


def no_links(*_: object, **__: object) -> None:
    raise OSError(95, "Operation not supported")


@pytest.fixture(params=[True, False], ids=["links", "no links"])
def links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the file system has hard links."""
    if not request.param:
        monkeypatch.setattr(os, "link", no_links)
    return request.param


def test_a_new_file_is_whole(links: bool, folder: Path) -> None:
    create_atomically(Path("new.nn"), b"content")
    assert [path.name for path in folder.iterdir()] == ["new.nn"]
    assert Path("new.nn").read_bytes() == b"content"
    assert Path("new.nn").stat().st_nlink == 1
    if os.name != "nt":
        mask = os.umask(0)
        os.umask(mask)
        assert stat.S_IMODE(Path("new.nn").stat().st_mode) == 0o666 & ~mask


def test_what_comes_in_between_stays(links: bool, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else makes the file after it was found free, and before the new one gets its place."""
    complete = atomic_files.PendingFile.complete

    def slowly(file: atomic_files.PendingFile) -> None:
        complete(file)
        Path("new.nn").write_text("of somebody else")

    monkeypatch.setattr(atomic_files.PendingFile, "complete", slowly)
    with pytest.raises(DotnnError) as caught:
        create_atomically(Path("new.nn"), b"content")
    assert [type(one) for one in caught.value.diagnostics] == [AlreadyThere]
    assert [path.name for path in folder.iterdir()] == ["new.nn"]
    assert Path("new.nn").read_text() == "of somebody else"


# The list -------------------------------------------------------------------------------------------------------------


def test_list(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = dotnn("new", "--list").out
    assert [line.split()[0] for line in listed.splitlines()] == NAMES
    rows = dict(line.split(maxsplit=1) for line in listed.splitlines())
    assert rows["mnist_cnn"] == "A convolutional network for handwritten digits (MNIST)."
    assert rows["zoo/text_cnn"] == "Is a sentence favourable?"
    assert all(sentence[-1] in ".?!" for sentence in rows.values())
    monkeypatch.setattr("dotnn.cli.new.prose_width", lambda stream: 60)
    folded = dotnn("new", "--list").out
    assert folded.split() == listed.split()
    assert max(map(len, folded.splitlines())) <= 60


# In a process of its own ----------------------------------------------------------------------------------------------


def test_as_a_process(folder: Path) -> None:
    done = process("new", "a b", "--from", "resnet18", folder=folder)
    assert (done.code, done.err) == (0, "")
    # The line that says what to do next is one for the shell, where `dotnn` is on the path.
    line = done.out.splitlines()[1].removeprefix("next: ").replace("dotnn ", f"{sys.executable} -m dotnn ")
    after = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=60)
    assert (after.returncode, after.stderr) == (0, "")
    assert after.stdout.startswith("ok: a b.nn\nmodel a_b\n")
    again = process("new", "a b", folder=folder)
    assert (again.code, codes(again.err), again.out) == (2, ["E854"], "")
    assert [path.name for path in folder.iterdir()] == ["a b.nn"]


@pytest.mark.skipif(os.name == "nt", reason="shells of POSIX")
def test_two_at_once_leave_one_file(folder: Path) -> None:
    script = '"$@" & "$@"; first=$?; wait $!; echo $((first + $?))'
    done = process("new", "net", script=script, folder=folder)
    assert done.out.splitlines()[-1] == "2"
    assert codes(done.err) == ["E854"]
    assert [path.name for path in folder.iterdir()] == ["net.nn"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_list_that_nobody_reads(folder: Path) -> None:
    assert process("new", "--list", script='"$@" | true; echo ${PIPESTATUS[0]}', folder=folder).out == "0\n"
    full = process("new", "--list", script='"$@" > /dev/full', folder=folder)
    assert (full.code, full.err) == (2, "error: cannot write to <stdout>: no space left on device\n")


def test_examples_are_completed(folder: Path) -> None:
    environment = {
        "_DOTNN_COMPLETE": "bash_complete",
        "COMP_WORDS": "dotnn new net --from zoo/resnet15",
        "COMP_CWORD": "4",
    }
    done = process(environment=environment, folder=folder)
    assert [line.rpartition(",")[2] for line in done.out.split()] == ["zoo/resnet152"]
