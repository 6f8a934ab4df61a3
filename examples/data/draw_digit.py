"""Draws `digit.png`, a seven as somebody might have written it: 28x28 pixels, white on black, as in MNIST.

Run it with `python examples/data/draw_digit.py`.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

#: The picture is drawn larger and then shrunk, which gives soft edges.
_SCALE = 8
_SIZE = 28
_STROKE = [(7.5, 7.0), (20.5, 6.5), (16.5, 13.5), (13.0, 22.5)]


def draw() -> Image.Image:
    """The seven."""
    large = Image.new("L", (_SIZE * _SCALE, _SIZE * _SCALE))
    pen = ImageDraw.Draw(large)
    points = [(x * _SCALE, y * _SCALE) for x, y in _STROKE]
    pen.line(points, fill=255, width=2 * _SCALE + 4, joint="curve")
    for x, y in (points[0], points[-1]):
        pen.ellipse((x - _SCALE, y - _SCALE, x + _SCALE, y + _SCALE), fill=255)
    return large.resize((_SIZE, _SIZE), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    draw().save(Path(__file__).with_name("digit.png"), optimize=True)
