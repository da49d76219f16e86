"""W&B as a mirror of the record: all of it can be lost and made again."""
