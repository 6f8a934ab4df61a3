"""How long the networks of the zoo are, in tokens, beside the sources of the same networks in Python.

    python benchmarks/zoo_tokens.py TORCHVISION KERAS

``TORCHVISION`` is the folder of torchvision's sources (``torchvision/models`` and ``torchvision/ops`` are read),
``KERAS`` that of Keras's (``keras/src/applications`` is read). A token is a word, a number, a string, an operator or a
sign, by one rule for both languages. Comments and documentation do not count. Of the Python files the network alone
counts: no imports, no ``__all__``, no tables of published weights and their metadata, no decorators. What several
networks share (the library here, ``Conv2dNormActivation``, ``SqueezeExcitation``, ``MLP`` and
``_make_divisible`` there)
counts once, in the last rows.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from dotnn.library import library_files

ZOO = Path(__file__).parents[1] / "examples" / "zoo"
#: Files of the zoo, and of torchvision, or of Keras.
FAMILIES = {
    "AlexNet": (["alexnet"], ["alexnet.py"]),
    "VGG": (["vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"], ["vgg.py"]),
    "GoogLeNet": (["googlenet", "googlenet_aux"], ["googlenet.py"]),
    "Inception v3": (["inception_v3", "inception_v3_aux"], ["inception.py"]),
    "ResNet, ResNeXt, Wide ResNet": (
        ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "wide_resnet50_2"],
        ["resnet.py"],
    ),
    "SqueezeNet": (["squeezenet1_0", "squeezenet1_1"], ["squeezenet.py"]),
    "DenseNet": (["densenet121"], ["densenet.py"]),
    "MobileNet v2": (["mobilenet_v2"], ["mobilenetv2.py"]),
    "MobileNet v3": (["mobilenet_v3_large", "mobilenet_v3_small"], ["mobilenetv3.py"]),
    "ShuffleNet v2": (["shufflenet_v2_x1_0"], ["shufflenetv2.py"]),
    "EfficientNet": (["efficientnet_b0"], ["efficientnet.py"]),
    "MNASNet": (["mnasnet1_0"], ["mnasnet.py"]),
    "ConvNeXt": (["convnext_tiny"], ["convnext.py"]),
    "ViT": (["vit_b_16"], ["vision_transformer.py"]),
    "MobileNet (Keras)": (["mobilenet_v1"], ["keras/mobilenet.py"]),
    "Xception (Keras)": (["xception"], ["keras/xception.py"]),
}
#: What several of torchvision's networks are made of.
SHARED = {"ops/misc.py": ("ConvNormActivation", "Conv2dNormActivation", "SqueezeExcitation", "MLP")}
SHARED_MODELS = {"_utils.py": ("_make_divisible",)}

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\w+|->|==|!=|<=|>=|\*\*|//|[^\w\s]')
#: Names that only tell of published weights.
WEIGHTS = ("__all__", "_COMMON_META", "_COMMON_SWAG_META", "WEIGHTS_HASHES", "BASE_WEIGHT_PATH", "_MODELS_URLS")


def tokens(text: str) -> int:
    return len(TOKEN.findall(text))


def nn_tokens(path: Path) -> int:
    """Tokens of a file of the language."""
    return tokens(re.sub(r"#.*", "", path.read_text(encoding="utf-8")))


class _Network(ast.NodeTransformer):
    """What is left of a module when all but its networks is taken away."""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST | None:
        if any(ast.unparse(base) == "WeightsEnum" for base in node.bases):
            return None
        return self._bare(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._bare(node)

    def _bare(self, node: ast.ClassDef | ast.FunctionDef) -> ast.AST:
        node.decorator_list = []
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        return None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        return None

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        names = [ast.unparse(target) for target in node.targets]
        docs = any(".__doc__" in name for name in names)
        return None if docs or any(name.startswith(WEIGHTS) for name in names) else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else node


def python_tokens(path: Path, only: Iterable[str] = ()) -> int:
    """Tokens of the networks of a Python file; or of some of its classes and functions alone."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    if only:
        module.body = [one for one in module.body if getattr(one, "name", "") in only]
    return tokens(ast.unparse(_Network().visit(module)))


def imported(path: Path) -> set[str]:
    """The files of the library that a file imports, and those that these import."""
    found: set[str] = set()
    pending = [path]
    while pending:
        text = pending.pop().read_text(encoding="utf-8")
        new = set(re.findall(r'from "(dotnn/\w+)"', text)) - found
        found |= new
        pending += [library_files()[name] for name in new]
    return found


def main() -> None:
    """Print the table."""
    torchvision, keras = (Path(one) for one in sys.argv[1:])
    used: set[str] = set()
    ours = theirs = 0
    print(f"{'':32}{'here':>8}{'there':>8}{'ratio':>8}   lines of the longest")
    for family, (files, sources) in FAMILIES.items():
        paths = [ZOO / f"{name}.nn" for name in files if (ZOO / f"{name}.nn").exists()]
        here = sum(nn_tokens(path) for path in paths)
        there = sum(
            python_tokens(keras / "keras/src/applications" / one.removeprefix("keras/"))
            if one.startswith("keras/")
            else python_tokens(torchvision / "models" / one)
            for one in sources
        )
        for path in paths:
            used |= imported(path)
        longest = max((len(path.read_text(encoding="utf-8").splitlines()) for path in paths), default=0)
        missing = "" if len(paths) == len(files) else f"   {len(files) - len(paths)} missing"
        print(f"{family:32}{here:>8,}{there:>8,}{here / there:>8.0%}{longest:>8}{missing}")
        ours, theirs = ours + here, theirs + there
    library = sum(nn_tokens(library_files()[name]) for name in used)
    shared = sum(python_tokens(torchvision / name, only) for name, only in SHARED.items())
    shared += sum(python_tokens(torchvision / "models" / name, only) for name, only in SHARED_MODELS.items())
    print(f"{'shared: ' + str(len(used)) + ' library files':32}{library:>8,}{shared:>8,}")
    print(f"{'all':32}{ours + library:>8,}{theirs + shared:>8,}{(ours + library) / (theirs + shared):>8.0%}")
    rest = sorted(path for path in ZOO.glob("*.nn") if not any(path.stem in files for files, _ in FAMILIES.values()))
    print(
        "\nthe others of the zoo, tokens and lines: "
        + ", ".join(
            f"{path.stem} {nn_tokens(path)} {len(path.read_text(encoding='utf-8').splitlines())}" for path in rest
        )
    )


if __name__ == "__main__":
    main()
