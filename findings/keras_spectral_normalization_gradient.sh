#!/usr/bin/env bash
# Keras 3.15.1 (on TensorFlow 2.21.0): the gradient of the SpectralNormalization layer.
#
# Done: a squared loss of SpectralNormalization(Dense(4)) is differentiated with respect to the
# kernel w in float64, and compared with central differences of the same loss of w / sigma(w),
# sigma = v'wu with u and v held fixed, as in the paper that the layer cites (Miyato et al. 2018).
# As that loss does not change when w is scaled, its gradient has no component along w.
# Instead the layer assigns w / sigma to the kernel in each forward pass of training, and gives the
# gradient with respect to what was assigned, as if sigma were a constant: it has a large component
# along w and points elsewhere, by some 30 degrees here.
# Remedy: compute w / sigma in the forward pass, from a kernel that is left as it is, with only u
# and v held fixed.
#
# Seen:
#   Keras 3.15.1
#   same loss: True
#   largest singular value: 3.743, after one forward pass 1.000
#   cosine of gradient and kernel: differences 0.000, Keras 0.418
#   cosine of Keras' gradient and the differences: 0.865
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
CUDA_VISIBLE_DEVICES=-1 TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'EOF'
import sys

import keras
import numpy as np
import tensorflow as tf

keras.backend.set_floatx("float64")
keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x, target, w = (rng.standard_normal(shape) for shape in ((8, 6), (8, 4), (6, 4)))
dense = keras.layers.Dense(4, use_bias=False)
layer = keras.layers.SpectralNormalization(dense, power_iterations=50)
layer.build((None, 6))
layer.kernel.assign(w)
with tf.GradientTape() as tape:
    loss = tf.reduce_sum((layer(x, training=True) - target) ** 2)
found = tape.gradient(loss, layer.kernel.value).numpy()
u = np.asarray(layer.vector_u)[0]
v = w @ u / np.linalg.norm(w @ u)


def normalised(kernel):
    return np.sum((x @ (kernel / (v @ kernel @ u)) - target) ** 2)


differences = np.zeros_like(w)
for place in np.ndindex(*w.shape):
    step = np.zeros_like(w)
    step[place] = 1e-6
    differences[place] = (normalised(w + step) - normalised(w - step)) / 2e-6


def cosine(a, b):
    return np.sum(a * b) / np.linalg.norm(a) / np.linalg.norm(b)


def norm(kernel):
    return np.linalg.norm(np.asarray(kernel), 2)


print("Keras", keras.__version__)
same_loss = np.isclose(float(loss), normalised(w), rtol=1e-9)
print("same loss:", same_loss)
print(f"largest singular value: {norm(w):.3f}, after one forward pass {norm(layer.kernel):.3f}")
print(f"cosine of gradient and kernel: differences {abs(cosine(differences, w)):.3f}, "
      f"Keras {cosine(found, w):.3f}")
print(f"cosine of Keras' gradient and the differences: {cosine(found, differences):.3f}")
if not (same_loss and abs(cosine(differences, w)) < 1e-6 and cosine(found, w) > 0.1):
    sys.exit("the behaviour has changed")
EOF
