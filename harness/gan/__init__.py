"""Everything that touches TensorFlow and Keras: data, networks, losses, the step, evaluation."""
