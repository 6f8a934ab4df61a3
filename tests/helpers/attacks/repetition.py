"""Loops, blocks and `reuse` that multiply."""

from __future__ import annotations

from .catalogue import attack, lines, model


@attack
def repeat_a_billion(scale: float) -> str:
    return model(output="x -> repeat(10 ** 9) { relu }")


@attack
def repeat_labelled_a_billion(scale: float) -> str:
    return model(output="x -> l: repeat(10 ** 9) { relu }")


@attack
def repeat_nothing_a_billion(scale: float) -> str:
    return model(output="x -> repeat(10 ** 9) { repeat(0) { relu } }")


@attack
def repeat_a_huge_number(scale: float) -> str:
    return model(output="x -> repeat(10 ** 70) { relu }")


@attack
def loops_in_loops(scale: float) -> str:
    return model(output="x -> " + "repeat(1000) { " * 20 + "relu" + " }" * 20)


@attack
def labelled_loops_in_loops(scale: float) -> str:
    return model(output="x -> " + "a: repeat(1000) { " * 20 + "relu" + " }" * 20)


@attack
def for_over_large_lists(scale: float) -> str:
    return model(output="x -> for i in range(100_000) { for j in range(100_000) { {i}: relu } }")


@attack
def exponential_blocks(scale: float) -> str:
    blocks = lines("block b{i}(x) {{ return x -> b{before} -> b{before} }}", 60)
    return model(head="block b0(x) { return x -> relu }\n" + blocks, output="x -> b60")


@attack
def exponential_empty_blocks(scale: float) -> str:
    blocks = lines("block b{i}(x) {{ return x -> b{before} -> b{before} }}", 60)
    return model(head="block b0(x) { return x }\n" + blocks, output="x -> b60")


@attack
def exponential_values(scale: float) -> str:
    """Values that blocks hand back, each asked for twice."""
    blocks = lines("block b{i}(n: int) {{ a, b = b{before}(n)\n c, d = b{before}(n + 1)\n return a + c, d }}", 60)
    return model(head="block b0(n: int) { return n, n }\n" + blocks, output="x -> dense(b60(1))")


@attack
def exponential_failures(scale: float) -> str:
    """The same mistake, reached in two to the sixty ways."""
    blocks = lines("block b{i}(x) {{ return x -> b{before} -> b{before} }}", 60)
    return model(head="block b0(x) { return x -> unknown -> dense }\n" + blocks, output="x -> b60")


@attack
def failing_block_called_often(scale: float) -> str:
    return model(
        head="block b(x, n: int) { return x -> dense(n, units=n) -> conv2d(8, kernel=n - 10) }",
        output="x -> for i in range(100_000) { b(i) }",
    )


@attack
def mutual_recursion(scale: float) -> str:
    return model(
        head="block a(x) { return x -> b }\nblock b(x) { return x -> a }\nconst p = q\nconst q = p", output="x -> a"
    )


@attack
def chain_of_blocks(scale: float) -> str:
    blocks = lines("block b{i}(x) {{ return x -> relu -> b{before} }}", 190)
    return model(head="block b0(x) { return x -> relu }\n" + blocks, output="x -> repeat(300) { b190 }")


@attack
def chain_of_consts(scale: float) -> str:
    count = int(30_000 * scale)
    return model(head="const n0 = 8\n" + lines("const n{i} = n{before} + 1", count), output=f"x -> dense(n{count})")


@attack
def chain_of_blocks_too_long(scale: float) -> str:
    count = int(15_000 * scale)
    blocks = lines("block b{i}(x) {{ return x -> b{before} }}", count)
    return model(head="block b0(x) { return x -> relu }\n" + blocks, output=f"x -> b{count}")


@attack
def reuse_chain(scale: float) -> str:
    stages = lines("-> l{i}: reuse(l{before})", 25_000 * scale)
    return model(output="x -> l0: dense(8) " + stages)


@attack
def reuse_doubling(scale: float) -> str:
    stages = lines("-> l{i}: {{ reuse(l{before}) -> reuse(l{before}) }}", 60)
    return model(output="x -> l0: dense(8) " + stages)


@attack
def reuse_of_loops(scale: float) -> str:
    return model(output="x -> a: repeat(100) { b: repeat(50) { dense(8) } } " + "-> reuse(a) " * 1000)


@attack
def reuse_of_nothing(scale: float) -> str:
    return model(lines("a{i} = x -> layer_{i}: dense(8)\nb{i} = x -> reuse(laier_{i})", 8_000 * scale))
