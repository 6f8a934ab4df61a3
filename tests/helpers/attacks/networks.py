"""Large graphs, many definitions, and many mistakes in them."""

from __future__ import annotations

from .catalogue import ATTACKS, attack, lines, model


def _network(stage: str, count: float, image: str = "N, 8") -> str:
    return model(output="x " + f"-> {stage} " * int(count), image=image)


for _name, _stage, _image in (
    ("relu", "relu", "N, 8"),
    ("dense", "dense(8)", "N, 8"),
    ("convolution", "conv2d(8, kernel=3, padding=1)", "N, 8, H, W"),
    ("pooling", "max_pool2d(3, stride=1, padding=1)", "N, 8, H, W"),
    ("shrinking", "conv2d(8, kernel=3)", "N, 8, H, W"),
    ("halving", "conv2d(8, kernel=3, stride=2, padding=1)", "N, 8, H, W"),
    ("flatten", "reshape([N, 2, 4]) -> flatten", "N, 8"),
    ("lstm", 'lstm(8, layers=8, bidirectional=true, merge="sum")', "N, T, 8"),
    ("batch_norm", "batch_norm", "N, 8, H, W"),
    ("flip", "flip(axis=1)", "N, 8"),
):
    ATTACKS[f"many_{_name}"] = lambda scale, stage=_stage, image=_image: _network(
        f"repeat({int(50_000 * scale) // 2}) {{ {stage} }} -> repeat({int(50_000 * scale)}) {{ {stage} }}", 1, image
    )
    ATTACKS[f"written_{_name}"] = lambda scale, stage=_stage, image=_image: _network(
        stage, scale * 900_000 // (len(stage) + 5), image
    )


@attack
def many_additions(scale: float) -> str:
    return model(output="x" + " + x" * int(200_000 * scale))


@attack
def many_bindings(scale: float) -> str:
    return model("a0 = x", lines("a{i} = a{before} + a0 * {i}", 35_000 * scale))


@attack
def doubled_sums(scale: float) -> str:
    return model("a0 = x", lines("a{i} = a{before} + a{before}", 35_000 * scale))


@attack
def one_to_all(scale: float) -> str:
    names = ", ".join(f"a{i}" for i in range(1, int(15_000 * scale)))
    return model(lines("a{i} = x -> relu", 15_000 * scale), output=f"concat({names}, axis=1)")


@attack
def wide_concat(scale: float) -> str:
    return model(output="concat(" + "x, " * int(150_000 * scale) + "axis=1)")


@attack
def concats_of_symbols(scale: float) -> str:
    inputs = lines("input i{i}: float32[N, S{i}]", 2_000 * scale)
    names = ", ".join(f"i{i}" for i in range(1, int(2_000 * scale)))
    return model(inputs, output=f"concat({names}, axis=1)")


@attack
def growing_concats(scale: float) -> str:
    return model("a0 = x", lines("a{i} = concat(a{before}, x, a{before}, axis=1)", 15_000 * scale))


@attack
def splits(scale: float) -> str:
    return model(output="x -> split(10 ** 9)", image="N, 10 ** 9")


@attack
def splits_listed(scale: float) -> str:
    return model("p = range(1, 100_000)", output="x -> split(p)", image="N, 10 ** 9")


@attack
def expectations(scale: float) -> str:
    metrics = "expect macs >= 0 expect params >= 0 expect weights_bytes >= 0 expect longest_path >= 0"
    metrics += " expect peak_activation_bytes >= 0 expect receptive_field(y) >= 0\n"
    return model("y2 = x -> repeat(10_000) { dense(8) }", metrics * int(6_000 * scale))


@attack
def receptive_fields(scale: float) -> str:
    fields = lines(
        "a{i} = a{before} -> conv2d(8, kernel=3, padding=1)\nexpect receptive_field(a{i}) >= 0", 8_000 * scale
    )
    return model("a0 = x", fields, image="N, 8, H, W")


@attack
def expectations_of_symbolic_peaks(scale: float) -> str:
    return model(
        "a = x -> repeat(3_000) { conv2d(8, kernel=3, stride=1, padding=1) -> relu }",
        "b = x -> repeat(3) { conv2d(16, kernel=3, stride=2, padding=1) -> max_pool2d(3, stride=2) }",
        "expect peak_activation_bytes <= 8M\n" * 500,
        "expect macs <= 8M\n" * 500,
        image="N, 8, H, W",
    )


@attack
def expectations_of_lists(scale: float) -> str:
    return model("expect range(150_000) == range(150_000)\n" * int(20_000 * scale))


@attack
def failing_expectations(scale: float) -> str:
    return model(lines("expect params == {i}", 30_000 * scale), "z = x -> repeat(10_000) { dense(8) }")


@attack
def failing_shapes(scale: float) -> str:
    """Each shows the way to it."""
    return model(
        "z = x -> repeat(10_000) { conv2d(8, kernel=3, padding=1) -> max_pool2d(2, stride=1) }",
        lines("expect z.shape == [{i}]", 30_000 * scale),
        image="N, 8, 50_000, 50_000",
    )


@attack
def freezes(scale: float) -> str:
    return model(lines("freeze l{i}", 20_000 * scale), output="x " + lines("-> l{i}: dense(8)", 20_000 * scale))


@attack
def freezes_of_nothing(scale: float) -> str:
    return model(lines("freeze k{i}", 20_000 * scale), output="x " + lines("-> l{i}: dense(8)", 20_000 * scale))


@attack
def long_labels(scale: float) -> str:
    label = ".".join("abcdefgh"[i % 8] for i in range(400))
    return model(output="x " + lines("-> " + label + "{i}: dense(8)", 1_100 * scale))


@attack
def very_long_label(scale: float) -> str:
    return model(
        "freeze " + "a." * int(240_000 * scale) + "a", output="x -> " + "a." * int(240_000 * scale) + "a: relu"
    )


@attack
def deep_expressions_in_deep_blocks(scale: float) -> str:
    deep = "(" * 60 + "x -> b{before}" + ")" * 60 + " -> relu" * 3
    deeper = "if true {{ " * 60 + deep + " }} else {{ x }}" * 60
    blocks = lines("block b{i}(x) {{ return " + deeper + " }}", 60)
    return model(head="block b0(x) { return x -> relu }\n" + blocks, output="x -> b60")


@attack
def deep_consts(scale: float) -> str:
    consts = lines("const c{i} = " + "-(1 + " * 80 + "c{before}" + ")" * 80, 190)
    return model(head="const c0 = 1\n" + consts, output="x -> dense(c190)")


@attack
def large_const_used_often(scale: float) -> str:
    return model(
        "a0 = x",
        lines("a{i} = a{before} + t", 15_000 * scale),
        head="const t: float32[150_000] = 1",
        image="N, 150_000",
    )


@attack
def large_weight_used_often(scale: float) -> str:
    head = "const t: float32[300, 300] = 0.5\nconst l = [range(300), range(300)]"
    return model(output="x -> repeat(15_000) { dense(300, weight=t) -> dense(2, weight=l) }", head=head, image="N, 300")


@attack
def large_attributes_used_often(scale: float) -> str:
    return model(
        "p = range(4_000)",
        "z = x -> repeat(10_000) { reshape(p) -> transpose(p) -> flip(axis=p) }",
        output="x -> repeat(10_000) { transpose(p) }",
    )


@attack
def splits_in_loops(scale: float) -> str:
    return model(
        head="block b(x) { " + ", ".join(f"a{i}" for i in range(4000)) + " = x -> split(4_000)\n return x }",
        output="x -> repeat(10_000) { b }",
        image="N, 4_000",
    )


@attack
def large_expectation_in_a_loop(scale: float) -> str:
    body = "expect [" + "1, " * int(100_000 * scale) + "] == 2"
    return model(head="block b(x) { " + body + "\n return x }", output="x -> repeat(10_000) { b }")


@attack
def long_strings(scale: float) -> str:
    long = '"' + "a" * int(190_000 * scale) + '"'
    head = f"const s = {long}\nconst t = {long}\nconst l = [s, s, s, s, s]\nconst m = [t]"
    return model("expect s == t\n" * 10_000, "expect l == m", head=head)


@attack
def long_labels_in_a_loop(scale: float) -> str:
    label = ".".join("a" * 490)
    return model("freeze nothing", output="x -> for i in range(15_000) { {i}." + label + ": relu }")


@attack
def long_nested_labels(scale: float) -> str:
    label = "a" * 900 + ": { "
    return model(output="x -> " + label * 60 + "repeat(15_000) { relu }" + " }" * 60)


@attack
def repeated_warnings(scale: float) -> str:
    return model(head="block b(x) { unused = 1\n return x }", output="x -> repeat(20_000) { b }")


@attack
def ambiguous_labels(scale: float) -> str:
    """Many ways to take one path apart."""
    blocks = lines("block b{i}(x) {{ return x -> a: b{before} -> a.a: b{before} }}", 13)
    path = ".".join(["a"] * 18)
    return model(
        head="block b0(x) { return x -> z: relu }\n" + blocks,
        output="x -> a: b13 " + f"-> reuse({path}) " * int(5_000 * scale),
    )


@attack
def deep_labels(scale: float) -> str:
    return model(output="x -> " + "aaaaaaaa: { " * 60 + "repeat(10_000) { dense(8) }" + " }" * 60)


@attack
def equal_names(scale: float) -> str:
    return model(
        lines("a{i}.b: float32 = x -> a.b: dense(8)", 10_000 * scale), lines("c{i} = x -> a.b: relu", 10_000 * scale)
    )


@attack
def names_around_labels(scale: float) -> str:
    return model(output="x " + lines("-> dense_{i}: dense(8) -> dense(8)", 18_000 * scale))


@attack
def full_name_clashes(scale: float) -> str:
    return model(output="x " + lines("-> a{i}: {{ b: dense(8) }} -> a{i}.b: dense(8)", 10_000 * scale))


@attack
def constants_named_alike(scale: float) -> str:
    return model("a0 = x", lines("a{i} = a{before} * 0.{i}", 35_000 * scale))


@attack
def many_outputs(scale: float) -> str:
    return model(lines("output o{i} = x", 35_000 * scale))


@attack
def many_inputs(scale: float) -> str:
    return model(lines("input i{i}: float32[N, S{i}]", 25_000 * scale), output="x")


@attack
def many_models(scale: float) -> str:
    return lines("model m{i}() {{ input x: float32[N] output y = x -> relu }}", 15_000 * scale)


@attack
def many_large_models(scale: float) -> str:
    """Each within the limits, all of them not."""
    form = "model m{i}() {{ input x: float32[N, 8] output y = x -> repeat(45_000) {{ relu }} }}"
    return lines(form, 10_000 * scale)


@attack
def many_models_without_output(scale: float) -> str:
    return lines("model m{i}() {{ a = range(100_000) }}", 25_000 * scale)


@attack
def many_blocks(scale: float) -> str:
    blocks = lines("block b{i}(x) {{ return x -> relu }}", 20_000 * scale)
    return model(head=blocks, output="x -> " + " -> ".join(f"b{i}" for i in range(1, int(15_000 * scale))))


@attack
def many_formals(scale: float) -> str:
    count = int(20_000 * scale)
    formals = ", ".join(f"a{i}: int = {i}" for i in range(count))
    arguments = ", ".join(f"a{i}={i}" for i in range(count))
    return model(head=f"block b(x, {formals}) {{ return x }}", output=f"x -> b({arguments})")


@attack
def many_unknown_arguments(scale: float) -> str:
    return model(output="x -> dense(8, " + ", ".join(f"unit{i}=1" for i in range(int(60_000 * scale))) + ")")


@attack
def many_definitions_alike(scale: float) -> str:
    return "const n = 1\n" * int(80_000 * scale) + model(output="x -> dense(n)")


@attack
def unknown_layers(scale: float) -> str:
    return model(output="x " + lines("-> comv{i}", 70_000 * scale))


@attack
def unknown_names(scale: float) -> str:
    return model(lines("b{i} = unknown_thing_{i}", 25_000 * scale))


@attack
def unknown_names_among_many(scale: float) -> str:
    return model(lines("binding_{i} = x\nother_{i} = bimding_{i} + 1", 12_000 * scale))


@attack
def unknown_name_among_long_ones(scale: float) -> str:
    """Not found over and over, among names that all are a little like it."""
    names = "\n".join(f"const {'abcdefghij' * 7}{i} = 1" for i in range(int(10_000 * scale)))
    block = f"block b(x) {{ y = q{'abcdefghij' * 7}9\n return x }}"
    return model(head=names + "\n" + block, output="x -> repeat(10_000) { b }")


@attack
def unknown_name_among_names_of_many_words(scale: float) -> str:
    names = "\n".join(f"const abc{'a1b2' * 17}{i} = 1" for i in range(int(10_000 * scale)))
    return model(head=names, output=f"x -> dense(abd{'b1a2' * 17})" + f" -> dense(abe{'b1a2' * 17}1)" * 200)


@attack
def unknown_symbols(scale: float) -> str:
    return model(lines("input z{i}: float32[N, AB{i}]\nexpect AC{i} == 1", 15_000 * scale))


@attack
def unknown_types(scale: float) -> str:
    return model(lines("a{i}: floot{i} = x", 30_000 * scale))


@attack
def unused_bindings(scale: float) -> str:
    return model(lines("a{i} = 1", 60_000 * scale))


@attack
def missing_imports(scale: float) -> str:
    return lines('import a{i} from "missing/{i}.nn"', 25_000 * scale) + model(output="x -> a1")


@attack
def imports_of_names(scale: float) -> str:
    names = ", ".join(f"a{i}" for i in range(int(100_000 * scale)))
    return f'import {names} from "no.nn"\n' + model(output="x" + "".join(f" -> a{i}" for i in range(1000)))
