#!/usr/bin/env bash
# TensorFlow 2.21.0, on the CPU: the gradient of tf.nn.bias_add in bfloat16.
#
# Done: a bias is added to 10 000 rows of ones, and the sum of all is differentiated with respect
# to the bias. One would expect 10 000, to the three digits that bfloat16 has, as from
# tf.reduce_sum and from the gradient of a plain addition: both sum in a wider type.
# Instead the gradient is 256: it is summed one by one in bfloat16, where 256 + 1 is 256 again.
# Compiled by XLA it is the same, and nothing warns. In float16 it is the other way round: there
# bias_add is exact, and the gradient of a plain addition stops at 2048.
# Remedy: in bfloat16 add with `+`; in both, adding in float32 and rounding afterwards is right.
#
# Seen:
#   TensorFlow 2.21.0
#   tf.reduce_sum in bfloat16: 9984.0
#   bfloat16, plain: bias_add 256, plain addition 9984
#   bfloat16, compiled: bias_add 256, plain addition 9984
#   float16, plain: bias_add 10000, plain addition 2048
#   float16, compiled: bias_add 10000, plain addition 2048
#   float32, plain: bias_add 10000, plain addition 10000
#   float32, compiled: bias_add 10000, plain addition 10000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
CUDA_VISIBLE_DEVICES=-1 TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'EOF'
import sys

import tensorflow as tf

ROWS = 10_000


def gradient(add, dtype, compiled):
    @tf.function(jit_compile=compiled)
    def run(bias):
        with tf.GradientTape() as tape:
            tape.watch(bias)
            total = tf.reduce_sum(add(tf.ones((ROWS, 4), dtype), bias))
        return tape.gradient(total, bias)

    return float(run(tf.zeros(4, dtype))[0])


print("TensorFlow", tf.__version__)
tf.get_logger().setLevel("ERROR")  # it warns of functions traced in a loop
print("tf.reduce_sum in bfloat16:", float(tf.reduce_sum(tf.ones(ROWS, tf.bfloat16))))
found = {}
for dtype in ("bfloat16", "float16", "float32"):
    for compiled in (False, True):
        both = [gradient(add, dtype, compiled) for add in (tf.nn.bias_add, tf.add)]
        found[dtype, compiled] = both
        how = "compiled" if compiled else "plain"
        print(f"{dtype}, {how}: bias_add {both[0]:.0f}, plain addition {both[1]:.0f}")
seen = {"bfloat16": [256, 9984], "float16": [ROWS, 2048], "float32": [ROWS, ROWS]}
if any(both != seen[dtype] for (dtype, _), both in found.items()):
    sys.exit("the behaviour has changed")
EOF
