"""Files that a study names, by content: images, prepared arrays, encoders."""
