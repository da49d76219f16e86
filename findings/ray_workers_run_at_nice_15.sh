#!/usr/bin/env bash
# ray 2.60.0: worker processes run at nice 15.
#
# Done: an actor and a process of the driver's compute on the same core for six seconds. One would
# expect half of the core for each.
# Instead the actor gets some 4 % of it: Ray sets its workers to nice 15 and leaves the driver at 0.
# What a node computes beside Ray's workers, be it a data loader, another user's job or the driver
# itself, all but stops them; and on a busy machine the time that a worker takes cannot be compared
# with that of a plain process. (Where the kernel groups processes by session or cgroup, niceness
# counts within a group alone.)
# Remedy: RAY_worker_niceness=0 in the environment of whatever starts the node.
#
# Seen (times vary with what else the machine does):
#   ray 2.60.0
#   default: driver 0, worker 15; on one core: worker 0.13 s, other process 3.33 s
#   RAY_worker_niceness=0: driver 0, worker 0; on one core: worker 1.78 s, other process 1.77 s
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ray==2.60.0
cd "$folder"
export HOME="$folder" RAY_TMPDIR="$folder" RAY_USAGE_STATS_ENABLED=0
export PATH="$folder/venv/bin:$PATH"
cat > finding.py <<'EOF'
import multiprocessing
import os
import sys
import time

import ray

CORE = {min(os.sched_getaffinity(0))}


def worked(end):
    """The processor time that this process gets on one core until then."""
    os.sched_setaffinity(0, CORE)
    start = time.process_time()
    while time.time() < end:
        pass
    return time.process_time() - start


def answered(end, answer):
    answer.put(worked(end))


@ray.remote
class Worker:
    def niceness(self):
        return os.nice(0)

    def worked(self, end):
        return worked(end)


def niceness(case):
    """That of driver and worker, which are also shown at work on one core."""
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    worker = Worker.remote()
    found = os.nice(0), ray.get(worker.niceness.remote())
    fork = multiprocessing.get_context("fork")
    answer = fork.Queue()
    end = time.time() + 6
    process = fork.Process(target=answered, args=(end, answer))
    process.start()
    mine, other = ray.get(worker.worked.remote(end)), answer.get()
    process.join()
    ray.shutdown()
    print(f"{case}: driver {found[0]}, worker {found[1]};", end=" ")
    print(f"on one core: worker {mine:.2f} s, other process {other:.2f} s")
    return found


print("ray", ray.__version__)
default = niceness("default")
os.environ["RAY_worker_niceness"] = "0"
if [default, niceness("RAY_worker_niceness=0")] != [(0, 15), (0, 0)]:
    sys.exit("the behaviour has changed")
EOF
# Networks and processes of its own: Ray can be reached from nowhere else, and ends with them.
# What Ray's processes write between the lines is shown only if they differ.
unshare --map-root-user --net --pid --mount-proc --fork \
  bash -c 'ip link set lo up; python finding.py; exit $?' 2> messages || (cat messages; exit 1)
