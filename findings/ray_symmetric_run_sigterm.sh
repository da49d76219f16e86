#!/usr/bin/env bash
# ray 2.60.0: `ray symmetric-run`, asked to stop, does not ask its command to.
#
# Done: `ray symmetric-run` starts Ray and a command that on SIGTERM saves and exits; then it gets
# SIGTERM itself, as from a scheduler or at the end of a container. One would expect it to pass the
# signal on, to wait for the command and to stop Ray, the last of the three steps in its help.
# Instead, on one node it ends alone: the command and all of Ray go on, and nobody waits for them.
# With `--min-nodes 2` it has called ray.init() to count the nodes, whose SIGTERM handler raises
# SystemExit, on which Python's subprocess.run() ends the command by SIGKILL: nothing is saved.
# Remedy: a script of one's own that starts Ray, passes the signal on, waits and stops Ray.
#
# Seen:
#   ray 2.60.0
#   one node: the command lives, has not saved; Ray lives
#   that command, sent SIGTERM itself: saved
#   two nodes: the command was killed, has not saved
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ray==2.60.0
cd "$folder"
export HOME="$folder" RAY_TMPDIR="$folder" RAY_USAGE_STATS_ENABLED=0
export PATH="$folder/venv/bin:$PATH"
cat > finding.py <<'EOF'
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ray

COMMAND = """
import atexit, os, signal, sys, time
from pathlib import Path

atexit.register(Path("saved").touch)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, lambda *caught: sys.exit(0))
Path("new").write_text(str(os.getpid()))
Path("new").rename("started")
time.sleep(600)
"""
ADDRESS = "10.9.9.9:6379"  # for two nodes, Ray refuses addresses of the loopback network
STARTED, SAVED = Path("started"), Path("saved")


def until(happened, what):
    end = time.time() + 120
    while not happened():
        if time.time() > end:
            sys.exit(f"not seen within two minutes: {what}")
        time.sleep(0.2)


def alive(process):
    """Whether it runs: one that has ended stays in the table until somebody asks how."""
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def ray_lives():
    names = [path.read_text().strip() for path in Path("/proc").glob("[0-9]*/comm")]
    return "raylet" in names and "gcs_server" in names


def signalled(nodes):
    """`ray symmetric-run` after SIGTERM, and the process of its command."""
    log = Path(f"log_{nodes}")
    run = ["ray", "symmetric-run", "--address", ADDRESS, "--min-nodes", str(nodes)]
    node = ["--num-cpus=1", "--include-dashboard=false", "--", sys.executable, "-c", COMMAND]
    with log.open("w") as file:
        symmetric = subprocess.Popen([*run, *node], stdout=file, stderr=file)
    until(lambda: "Head node started" in log.read_text(), "the head")
    if nodes == 2:  # in place of the second machine's symmetric-run
        join = ["ray", "start", "--address", ADDRESS, "--num-cpus=1"]
        subprocess.run(join, check=True, capture_output=True)
    until(STARTED.exists, "the command")
    symmetric.send_signal(signal.SIGTERM)
    return symmetric, int(STARTED.read_text())


print("ray", ray.__version__)
symmetric, command = signalled(nodes=1)
symmetric.wait(timeout=60)
time.sleep(5)
alone = alive(command) and not SAVED.exists() and ray_lives()
if not alone:
    sys.exit("the behaviour has changed on one node")
print("one node: the command lives, has not saved; Ray lives")
os.kill(command, signal.SIGTERM)
until(SAVED.exists, "saved")
print("that command, sent SIGTERM itself: saved")

subprocess.run(["ray", "stop"], check=True, capture_output=True)
STARTED.unlink()
SAVED.unlink()
symmetric, command = signalled(nodes=2)
until(lambda: not alive(command), "the end of the command")
symmetric.kill()
symmetric.wait()
if SAVED.exists():
    sys.exit("the behaviour has changed on two nodes")
print("two nodes: the command was killed, has not saved")
EOF
# Networks and processes of its own: Ray can be reached from nowhere else, and ends with them.
unshare --map-root-user --net --pid --mount-proc --fork \
  bash -c 'ip address add 10.9.9.9 dev lo; ip link set lo up; python finding.py; exit $?'
