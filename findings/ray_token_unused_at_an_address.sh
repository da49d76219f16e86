#!/usr/bin/env bash
# ray 2.60.0: a token that Ray wrote itself locks out whoever names the address.
#
# Done: with no setting made, a program calls ray.init(), which starts a local Ray and, unasked,
# writes ~/.ray/auth_token. Later the same user starts a head by `ray start --head`, and then runs
# what that prints as next steps: `ray start --address=...` for another node, and `ray status`. A
# driver connects by ray.init("auto") and with the address, as an argument or in RAY_ADDRESS. One
# would expect all of it to work, as it does before the first ray.init().
# Instead the head has found the file and demands the token, "auto" sends it and works, and all the
# others fail: they read the file only if RAY_AUTH_MODE=token is set. With an address ray.init()
# tries for 20 s, supposes that "a previous Ray instance ... has since crashed", and raises a
# ConnectionError that does not speak of a token (the error that caused it does, and asks for the
# file that is there).
# Remedy: set RAY_AUTH_MODE=token (or disabled) for everything alike.
#
# Seen:
#   ray 2.60.0
#   no token, ray start --head: works
#   no token, ray status: works
#   no token, ray start --address: works
#   no token, ray.init(address): works
#   ray.init() has written .ray/auth_token: True
#   token, ray start --head: works
#   token, ray status: fails after 1 s
#   token, ray start --address: fails after 21 s
#   token, ray.init("auto"): works
#   token, ray.init(address): fails after 21 s
#   "ConnectionError: Failed to connect to Ray cluster at 127.0.0.1:6379"
#   token, ray.init() with RAY_ADDRESS: fails after 21 s
#   token, ray.init(address) with RAY_AUTH_MODE=token: works
#   token, ray start --address with RAY_AUTH_MODE=token: works
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ray==2.60.0
cd "$folder"
export HOME="$folder" RAY_TMPDIR="$folder" RAY_USAGE_STATS_ENABLED=0
export PATH="$folder/venv/bin:$PATH"
unset RAY_ADDRESS RAY_AUTH_MODE RAY_AUTH_TOKEN RAY_AUTH_TOKEN_PATH
cat > finding.py <<'EOF'
import os
import subprocess
import sys
import time
from pathlib import Path

import ray

ADDRESS = "127.0.0.1:6379"
HEAD = "ray start --head --port=6379 --node-ip-address=127.0.0.1 --include-dashboard=false".split()
NODE = ["ray", "start", f"--address={ADDRESS}"]
STATUS = ["ray", "status"]
TOKEN = Path.home() / ".ray" / "auth_token"
TOKEN_MODE = {"RAY_AUTH_MODE": "token"}
seen = []


def connect(arguments):
    return [sys.executable, "-c", f"import ray; ray.init({arguments})"]


def tried(name, command, **environment):
    """Run it, note whether it works, and return the last line of what it says."""
    start = time.monotonic()
    environment = os.environ | environment
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    seconds = time.monotonic() - start
    print(f"{name}: {f'fails after {seconds:.0f} s' if done.returncode else 'works'}")
    seen.append(done.returncode == 0)
    return (done.stdout + done.stderr).strip().splitlines()[-1]


print("ray", ray.__version__)
tried("no token, ray start --head", HEAD)
tried("no token, ray status", STATUS)
tried("no token, ray start --address", NODE)
tried("no token, ray.init(address)", connect(repr(ADDRESS)))
subprocess.run(["ray", "stop"], check=True, capture_output=True)

subprocess.run(connect("num_cpus=1"), check=True, capture_output=True)
print(f"ray.init() has written {TOKEN.relative_to(Path.home())}: {TOKEN.exists()}")

tried("token, ray start --head", HEAD)
tried("token, ray status", STATUS)
tried("token, ray start --address", NODE)
tried('token, ray.init("auto")', connect("'auto'"))
message = tried("token, ray.init(address)", connect(repr(ADDRESS)))
print(f'"{message}"')
tried("token, ray.init() with RAY_ADDRESS", connect(""), RAY_ADDRESS=ADDRESS)
tried("token, ray.init(address) with RAY_AUTH_MODE=token", connect(repr(ADDRESS)), **TOKEN_MODE)
tried("token, ray start --address with RAY_AUTH_MODE=token", NODE, **TOKEN_MODE)
without, head, named, auto, address, mode = (
    seen[:4], seen[4:5], seen[5:7], seen[7:8], seen[8:10], seen[10:]
)  # fmt: skip
if not all(without + head + auto + mode) or any(named + address) or "token" in message:
    sys.exit("the behaviour has changed")
EOF
# Networks and processes of its own: Ray can be reached from nowhere else, and ends with them.
unshare --map-root-user --net --pid --mount-proc --fork \
  bash -c 'ip link set lo up; python finding.py; exit $?'
