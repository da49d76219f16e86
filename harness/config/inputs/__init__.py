"""Files that a study names, identified by content: images, prepared arrays, encoders."""
