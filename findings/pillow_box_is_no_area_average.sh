#!/usr/bin/env bash
# Pillow 13.0.0: Image.resize with Resampling.BOX, for a ratio that is not a whole number.
#
# Done: pictures are made smaller with the box filter and compared with the exact average of the
# area that each new pixel covers. From 64 to 32 pixels the two agree to rounding, so one would
# expect the same from 80 to 64, as from the "area" mode of other libraries.
# Instead the box filter takes each old pixel whole, into one new one: of 5 pixels that become 4,
# three are copied and two are averaged. Noise is off by more than 100 levels, and a pattern of
# every fifth pixel white gets a quarter brighter or a third darker, depending on where it begins.
# The documentation does say that each pixel contributes to one pixel of the result.
# Remedy: average by the area (weights at the edges in proportion), or reduce by a whole number.
#
# Seen:
#   Pillow 13.0.0
#   5 -> 4, box:  [0.0, 77.0, 153.0, 204.0]
#   5 -> 4, area: [10.2, 71.4, 132.6, 193.8]
#   noise, 64 -> 32: largest distance from the area average 1.0 levels
#   noise, 80 -> 64: largest distance from the area average 124.2 levels
#   stripes from 0: mean 51, box 63.75, area 51.00
#   stripes from 1: mean 51, box 32.00, area 51.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'EOF'
import sys

import numpy as np
import PIL
from PIL import Image


def boxed(picture, height, width):
    small = Image.fromarray(picture).resize((width, height), Image.Resampling.BOX)
    return np.asarray(small).astype(float)


def shares(old, new):
    """(new, old): how much of a new pixel's extent each old one covers."""
    ends = np.arange(1, new + 1)[:, None] * old / new
    columns = np.arange(old)
    lengths = np.minimum(ends, columns + 1) - np.maximum(ends - old / new, columns)
    return np.clip(lengths, 0, None) * new / old


def averaged(picture, height, width):
    return shares(picture.shape[0], height) @ picture @ shares(picture.shape[1], width).T


print("Pillow", PIL.__version__)
ramp = np.array([[0, 51, 102, 153, 204]], np.uint8)
print("5 -> 4, box: ", boxed(ramp, 1, 4)[0].tolist())
print("5 -> 4, area:", averaged(ramp, 1, 4)[0].round(1).tolist())
off = {}
for old, new in ((64, 32), (80, 64)):
    noise = np.random.default_rng(0).integers(0, 256, (old, old), dtype=np.uint8)
    off[old] = np.abs(boxed(noise, new, new) - averaged(noise, new, new)).max()
    print(f"noise, {old} -> {new}: largest distance from the area average {off[old]:.1f} levels")
means = []
for first in (0, 1):
    stripes = np.zeros((80, 80), np.uint8)
    stripes[:, first::5] = 255
    box, area = (make(stripes, 64, 64).mean() for make in (boxed, averaged))
    means.append(float(round(box)))
    print(f"stripes from {first}: mean {stripes.mean():.0f}, box {box:.2f}, area {area:.2f}")
if not (off[64] <= 1 and off[80] > 100 and means == [64, 32]):
    sys.exit("the behaviour has changed")
EOF
