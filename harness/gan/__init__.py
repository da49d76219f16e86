"""Training and scoring of GANs: the only folder that imports TensorFlow and Keras."""

import os

# Read once, when TensorFlow is imported, so this is its place. TensorFlow leaves oneDNN's kernels
# off on CPUs without AVX-512, where they pay as well.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
