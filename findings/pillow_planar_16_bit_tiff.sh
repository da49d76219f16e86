#!/usr/bin/env bash
# Pillow 13.0.0: a 16-bit RGB TIFF whose colours are stored apart (planar configuration 2).
#
# Done: tifffile 2025.5.10 writes the same 16-bit colours together and apart, uncompressed, and
# Pillow opens both. Pillow has no mode for 16-bit colours and documents that it keeps the upper 8
# bits; one would expect the same picture twice, or an error.
# Instead the picture with the colours apart is read as if it had 8 bits: each pixel is one byte,
# so that lower and upper bytes stand side by side as pixels, and half of each colour is never
# read. No error and no warning. With zlib compression the same file is read rightly.
# Remedy: refuse, or read with tifffile, what has PlanarConfiguration 2 and more than 8 bits.
#
# Seen:
#   Pillow 13.0.0 tifffile 2025.5.10
#   upper bytes: red [18, 19, 20, 21, 22] green [86, 87, 88, 89, 90]
#   contig, None: RGB (5, 4), red [18, 19, 20, 21, 22], green [86, 87, 88, 89, 90]
#   separate, None: RGB (5, 4), red [52, 18, 52, 19, 52], green [120, 86, 120, 87, 120]
#   separate, zlib: RGB (5, 4), red [18, 19, 20, 21, 22], green [86, 87, 88, 89, 90]
#   tifffile right: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  pillow==13.0.0 tifffile==2025.5.10 numpy==2.4.6
"$folder/venv/bin/python" - "$folder/picture.tif" <<'EOF'
import sys
import warnings

import numpy as np
import PIL
import tifffile
from PIL import Image

warnings.simplefilter("error")  # there is none
path = sys.argv[1]
colours = np.empty((4, 5, 3), np.uint16)
colours[...] = np.array([0x1234, 0x5678, 0x9ABC]) + 256 * np.arange(5)[:, None]


def read(planar, compression=None):
    """What Pillow makes of the colours; what tifffile reads back is right."""
    stored = colours.transpose(2, 0, 1) if planar == "separate" else colours
    tifffile.imwrite(path, stored, photometric="rgb", planarconfig=planar, compression=compression)
    right = np.array_equal(tifffile.imread(path), stored)
    with Image.open(path) as image:
        pixels = np.asarray(image)
        red, green, _ = pixels[0].T.tolist()
        print(f"{planar}, {compression}: {image.mode} {image.size}, red {red}, green {green}")
    return pixels, right


print("Pillow", PIL.__version__, "tifffile", tifffile.__version__)
upper = colours >> 8
print("upper bytes: red", upper[0, :, 0].tolist(), "green", upper[0, :, 1].tolist())
found = [read("contig"), read("separate"), read("separate", "zlib")]
print("tifffile right:", all(right for _, right in found))
agree = [np.array_equal(pixels, upper) for pixels, _ in found]
halves = np.array_equal(found[1][0][0, ::2], np.tile([0x34, 0x78, 0xBC], (3, 1)))
if not (all(right for _, right in found) and agree == [True, False, True] and halves):
    sys.exit("the behaviour has changed")
EOF
