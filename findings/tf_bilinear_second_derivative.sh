#!/usr/bin/env bash
# TensorFlow 2.21.0: the second derivative of bilinear resizing.
#
# Done: x is multiplied by a number k, enlarged bilinearly from 8 to 16 pixels and cubed; the
# squared gradient with respect to x (a gradient penalty) is differentiated with respect to k.
# The penalty is proportional to k^6, so at k = 1 the derivative has to be 6 times the penalty.
# Instead it is 2 times, without a word: the gradient of bilinear resizing has no gradient of its
# own, and whatever passes through it is left out. A tape that is asked for nothing else gives
# None. (What has no gradient at all usually raises a LookupError.) The same enlargement as a
# product with its matrix gives 6 times.
# Remedy: a custom gradient; as resizing is linear, it is itself the gradient of its gradient.
#
# Seen:
#   TensorFlow 2.21.0
#   same enlargement: True
#   resized: derivative by k = 2.0000 x penalty; derivative by x: None
#   product: derivative by k = 6.0000 x penalty; derivative by x: a tensor
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
CUDA_VISIBLE_DEVICES=-1 TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'EOF'
import sys

import numpy as np
import tensorflow as tf

x = tf.constant(np.random.default_rng(0).standard_normal((2, 8, 8, 3)), tf.float32)
pixels = tf.reshape(tf.eye(8), (8, 8, 1, 1))  # eight columns of one bright pixel each
MATRIX = tf.transpose(tf.image.resize(pixels, (16, 1), "bilinear")[..., 0, 0])


def resized(x):
    return tf.image.resize(x, (16, 16), "bilinear")


def product(x):
    return tf.einsum("ih,jw,nhwc->nijc", MATRIX, MATRIX, x)


def derivatives(enlarge):
    """The penalty and its derivatives with respect to k = 1 and to x."""
    k = tf.constant(1.0)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch((k, x))
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(enlarge(k * x) ** 3)
        scaled = tf.reduce_sum(inner.gradient(y, x) ** 2)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(enlarge(x) ** 3)
        alone = tf.reduce_sum(inner.gradient(y, x) ** 2)
    return scaled, outer.gradient(scaled, k), outer.gradient(alone, x)


print("TensorFlow", tf.__version__)
print("same enlargement:", np.allclose(resized(x), product(x), atol=1e-5))
ratios, with_respect_to_x = {}, {}
for enlarge in (resized, product):
    name = enlarge.__name__
    penalty, to_k, with_respect_to_x[name] = derivatives(enlarge)
    ratios[name] = float(to_k / penalty)
    found = "None" if with_respect_to_x[name] is None else "a tensor"
    print(f"{name}: derivative by k = {ratios[name]:.4f} x penalty; derivative by x: {found}")
expected = np.allclose(list(ratios.values()), [2, 6], rtol=1e-3)
if not (expected and with_respect_to_x["resized"] is None):
    sys.exit("the behaviour has changed")
EOF
