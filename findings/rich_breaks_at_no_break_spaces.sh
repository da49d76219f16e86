#!/usr/bin/env bash
# rich 15.0.0: lines are broken at the spaces that forbid it.
#
# Done: a sentence with a number whose thousands are separated by a NO-BREAK SPACE (U+00A0), a
# NARROW NO-BREAK SPACE (U+202F, as ISO 80000 and CLDR's French use) or a FIGURE SPACE (U+2007) is
# printed 14 columns wide; for comparison with a WORD JOINER (U+2060). Unicode's line breaking
# algorithm (UAX 14) gives the first three the class GL, "glue": no break before or after.
# Instead rich splits words at whatever `\s` of a regular expression matches, these three included,
# and breaks the number; the WORD JOINER alone keeps it together. Table cells behave alike.
# Remedy: give a column that holds such numbers `no_wrap=True` or a `min_width` of the longest one.
#
# Seen:
#   rich 15.0.0
#   NO-BREAK SPACE ['needs some 3', '000 seeds']
#   NARROW NO-BREAK SPACE ['needs some 3', '000 seeds']
#   FIGURE SPACE ['needs some 3', '000 seeds']
#   WORD JOINER ['needs some', '3\u2060000 seeds']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check rich==15.0.0
PYTHONIOENCODING=utf-8 "$folder/venv/bin/python" - <<'EOF'
import sys
from importlib.metadata import version
from io import StringIO
from unicodedata import name

from rich.console import Console


def printed(text):
    out = StringIO()
    Console(file=out, width=14).print(text)
    return [line.rstrip() for line in out.getvalue().splitlines()]


print("rich", version("rich"))
broken = {}
for space in "\u00a0\u202f\u2007\u2060":
    lines = printed(f"needs some 3{space}000 seeds")
    broken[space] = not any(f"3{space}000" in line for line in lines)
    print(name(space), lines)
if list(broken.values()) != [True, True, True, False]:
    sys.exit("the behaviour has changed")
EOF
