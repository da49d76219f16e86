#!/usr/bin/env bash
# ray 2.60.0: ray.init() replaces the SIGTERM handler of the program.
#
# Done: a program sets a handler for SIGTERM that saves and exits with 0, calls ray.init() and gets
# SIGTERM. One would expect its handler to run.
# Instead ray.init() has put another in its place, which only calls sys.exit(15). Nothing is said;
# one sentence of the docstring tells that the handler is overwritten. The old one is not called and
# does not come back: after ray.shutdown() SIGTERM ends the process at once. So a program that a
# scheduler asks to save and end does not save, and its exit code looks like a failure of its own.
# Remedy: set the handler after ray.init().
#
# Seen:
#   ray 2.60.0
#   set before ray.init: exit code 15, printed ''
#   set before ray.init, after ray.shutdown: exit code -15, printed ''
#   set after ray.init: exit code 0, printed 'saved\n'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ray==2.60.0
cd "$folder"
export HOME="$folder" RAY_TMPDIR="$folder" RAY_USAGE_STATS_ENABLED=0
export PATH="$folder/venv/bin:$PATH"
cat > finding.py <<'EOF'
import subprocess
import sys

import ray

PROGRAM = """
import os, signal, sys, time
import ray

def save(number, frame):
    print("saved", flush=True)
    sys.exit(0)

case = sys.argv[1]
if case != "set after ray.init":
    signal.signal(signal.SIGTERM, save)
ray.init(num_cpus=1, include_dashboard=False)
if case == "set after ray.init":
    signal.signal(signal.SIGTERM, save)
if case.endswith("after ray.shutdown"):
    ray.shutdown()
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(10)
print("still here")
"""


def ended(case):
    """How the program ends on SIGTERM, and what it prints."""
    command = [sys.executable, "-c", PROGRAM, case]
    done = subprocess.run(command, capture_output=True, text=True)
    print(f"{case}: exit code {done.returncode}, printed {done.stdout!r}")
    return done.returncode, done.stdout


print("ray", ray.__version__)
cases = (
    "set before ray.init",
    "set before ray.init, after ray.shutdown",
    "set after ray.init",
)
if [ended(case) for case in cases] != [(15, ""), (-15, ""), (0, "saved\n")]:
    sys.exit("the behaviour has changed")
EOF
# Networks and processes of its own: Ray can be reached from nowhere else, and ends with them.
unshare --map-root-user --net --pid --mount-proc --fork \
  bash -c 'ip link set lo up; python finding.py; exit $?'
