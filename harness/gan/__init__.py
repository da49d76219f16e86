"""Training and scoring of GANs: the only folder that imports TensorFlow and Keras."""
