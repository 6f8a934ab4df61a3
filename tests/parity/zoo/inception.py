"""GoogLeNet and Inception v3 as modules of PyTorch, written from the papers, with torchvision's names."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F

Kernel = tuple[int, int]
#: What each convolution of a module reads, how many channels it makes, and its kernel; "x" is what the module reads,
#: "mean" the means of its 3x3 windows.
Plan = Mapping[str, tuple[str, int, Kernel]]

ONE, THREE, FIVE = (1, 1), (3, 3), (5, 5)


class Unit(nn.Module):
    """A convolution, normalized (Szegedy and others 2015, section 6), and a ReLU; padded unless said otherwise."""

    def __init__(self, inputs: int, outputs: int, kernel: Kernel = ONE, stride: int = 1, padded: bool = True) -> None:
        super().__init__()
        padding = tuple(size // 2 if padded else 0 for size in kernel)
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=1e-3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.bn(self.conv(x)))


# GoogLeNet -----------------------------------------------------------------------------------------------------------

#: Table 1 of Szegedy and others 2014, from "#1x1" to "pool proj".
TABLE_1: Mapping[str, tuple[int, ...]] = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


class Inception(nn.Module):
    """Figure 2b of Szegedy and others 2014; as torchvision has it, with a 3x3 in the place of the 5x5."""

    def __init__(self, inputs: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        ones, before_threes, threes, before_fives, fives, pooled = widths
        self.branch1 = Unit(inputs, ones)
        self.branch2 = nn.Sequential(Unit(inputs, before_threes), Unit(before_threes, threes, THREE))
        self.branch3 = nn.Sequential(Unit(inputs, before_fives), Unit(before_fives, fives, THREE))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), Unit(inputs, pooled))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], dim=1)


class GoogLeNetAuxiliary(nn.Module):
    """The classifier on 4a and 4d (section 5 there), of 4x4 means of whatever size is read."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.conv = Unit(inputs, 128)
        self.fc1 = nn.Linear(128 * 4 * 4, 1024)
        self.fc2 = nn.Linear(1024, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        reduced = self.conv(F.adaptive_avg_pool2d(x, 4))
        hidden = torch.relu(self.fc1(reduced.flatten(1)))
        return self.fc2(F.dropout(hidden, 0.7, self.training))


class GoogLeNet(nn.Module):
    """All of table 1: the scores of both auxiliary classifiers, and those of the end."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = Unit(3, 64, (7, 7), stride=2)
        self.conv2 = Unit(64, 64)
        self.conv3 = Unit(64, 192, THREE)
        inputs = 192
        for name, widths in TABLE_1.items():
            self.add_module(f"inception{name}", Inception(inputs, widths))
            inputs = widths[0] + widths[2] + widths[4] + widths[5]
        self.aux1 = GoogLeNetAuxiliary(512)
        self.aux2 = GoogLeNetAuxiliary(528)
        self.fc = nn.Linear(1024, 1000)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x = F.max_pool2d(self.conv1(image), 3, stride=2, ceil_mode=True)
        x = self.conv3(self.conv2(x))
        results = {"2": x}
        for name in TABLE_1:
            if name in ("3a", "4a"):
                x = F.max_pool2d(x, 3, stride=2, ceil_mode=True)
            elif name == "5a":
                x = F.max_pool2d(x, 2, stride=2, ceil_mode=True)
            results[name] = x = self.get_submodule(f"inception{name}")(x)
        logits = self.fc(F.dropout(x.mean(dim=(2, 3)), 0.2, self.training))
        return self.aux1(results["4a"]), self.aux2(results["4d"]), logits


# Inception v3 --------------------------------------------------------------------------------------------------------


def plan_a(pooled: int) -> Plan:
    """Figure 5 of Szegedy and others 2015."""
    return {
        "branch1x1": ("x", 64, ONE),
        "branch5x5_1": ("x", 48, ONE),
        "branch5x5_2": ("branch5x5_1", 64, FIVE),
        "branch3x3dbl_1": ("x", 64, ONE),
        "branch3x3dbl_2": ("branch3x3dbl_1", 96, THREE),
        "branch3x3dbl_3": ("branch3x3dbl_2", 96, THREE),
        "branch_pool": ("mean", pooled, ONE),
    }


def plan_c(inside: int) -> Plan:
    """Figure 6 there."""
    return {
        "branch1x1": ("x", 192, ONE),
        "branch7x7_1": ("x", inside, ONE),
        "branch7x7_2": ("branch7x7_1", inside, (1, 7)),
        "branch7x7_3": ("branch7x7_2", 192, (7, 1)),
        "branch7x7dbl_1": ("x", inside, ONE),
        "branch7x7dbl_2": ("branch7x7dbl_1", inside, (7, 1)),
        "branch7x7dbl_3": ("branch7x7dbl_2", inside, (1, 7)),
        "branch7x7dbl_4": ("branch7x7dbl_3", inside, (7, 1)),
        "branch7x7dbl_5": ("branch7x7dbl_4", 192, (1, 7)),
        "branch_pool": ("mean", 192, ONE),
    }


#: Figure 10 there, with other convolutions before it.
PLAN_B: Plan = {
    "branch3x3": ("x", 384, THREE),
    "branch3x3dbl_1": ("x", 64, ONE),
    "branch3x3dbl_2": ("branch3x3dbl_1", 96, THREE),
    "branch3x3dbl_3": ("branch3x3dbl_2", 96, THREE),
}
PLAN_D: Plan = {
    "branch3x3_1": ("x", 192, ONE),
    "branch3x3_2": ("branch3x3_1", 320, THREE),
    "branch7x7x3_1": ("x", 192, ONE),
    "branch7x7x3_2": ("branch7x7x3_1", 192, (1, 7)),
    "branch7x7x3_3": ("branch7x7x3_2", 192, (7, 1)),
    "branch7x7x3_4": ("branch7x7x3_3", 192, THREE),
}
#: Figure 7 there.
PLAN_E: Plan = {
    "branch1x1": ("x", 320, ONE),
    "branch3x3_1": ("x", 384, ONE),
    "branch3x3_2a": ("branch3x3_1", 384, (1, 3)),
    "branch3x3_2b": ("branch3x3_1", 384, (3, 1)),
    "branch3x3dbl_1": ("x", 448, ONE),
    "branch3x3dbl_2": ("branch3x3dbl_1", 384, THREE),
    "branch3x3dbl_3a": ("branch3x3dbl_2", 384, (1, 3)),
    "branch3x3dbl_3b": ("branch3x3dbl_2", 384, (3, 1)),
    "branch_pool": ("mean", 192, ONE),
}

#: The modules, in their order; those of plans B and D have a stride of 2 at the end of their branches.
MODULES: Mapping[str, Plan] = {
    **{"Mixed_5b": plan_a(32), "Mixed_5c": plan_a(64), "Mixed_5d": plan_a(64), "Mixed_6a": PLAN_B},
    **{"Mixed_6b": plan_c(128), "Mixed_6c": plan_c(160), "Mixed_6d": plan_c(160), "Mixed_6e": plan_c(192)},
    **{"Mixed_7a": PLAN_D, "Mixed_7b": PLAN_E, "Mixed_7c": PLAN_E},
}


class Mixed(nn.Module):
    """The convolutions of a plan; what no other one reads is laid one behind the other."""

    def __init__(self, inputs: int, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self.halves = "branch_pool" not in plan
        self.ends = [name for name in plan if all(source != name for source, _, _ in plan.values())]
        widths = {"x": inputs, "mean": inputs} | {name: width for name, (_, width, _) in plan.items()}
        for name, (source, width, kernel) in plan.items():
            is_last = self.halves and name in self.ends
            self.add_module(name, Unit(widths[source], width, kernel, 2 if is_last else 1, padded=not is_last))
        self.outputs = sum(widths[name] for name in self.ends) + (inputs if self.halves else 0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values = {"x": x, "mean": F.avg_pool2d(x, 3, stride=1, padding=1)}
        for name, (source, _, _) in self.plan.items():
            values[name] = self.get_submodule(name)(values[source])
        pooled = [F.max_pool2d(x, 3, stride=2)] if self.halves else []
        return torch.cat([*(values[name] for name in self.ends), *pooled], dim=1)


class InceptionAuxiliary(nn.Module):
    """Figure 8 there."""

    def __init__(self) -> None:
        super().__init__()
        self.conv0 = Unit(768, 128)
        self.conv1 = Unit(128, 768, FIVE, padded=False)
        self.fc = nn.Linear(768, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.conv1(self.conv0(F.avg_pool2d(x, 5, stride=3))).mean(dim=(2, 3)))


class InceptionV3(nn.Module):
    """Table 1 of Szegedy and others 2015: the scores of the auxiliary classifier, and those of the end."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Unit(3, 32, THREE, stride=2, padded=False)
        self.Conv2d_2a_3x3 = Unit(32, 32, THREE, padded=False)
        self.Conv2d_2b_3x3 = Unit(32, 64, THREE)
        self.Conv2d_3b_1x1 = Unit(64, 80)
        self.Conv2d_4a_3x3 = Unit(80, 192, THREE, padded=False)
        inputs = 192
        for name, plan in MODULES.items():
            module = Mixed(inputs, plan)
            self.add_module(name, module)
            inputs = module.outputs
        self.AuxLogits = InceptionAuxiliary()
        self.fc = nn.Linear(inputs, 1000)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(image)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, stride=2)))
        x = F.max_pool2d(x, 3, stride=2)
        results = {}
        for name in MODULES:
            results[name] = x = self.get_submodule(name)(x)
        logits = self.fc(F.dropout(x.mean(dim=(2, 3)), 0.5, self.training))
        return self.AuxLogits(results["Mixed_6e"]), logits
