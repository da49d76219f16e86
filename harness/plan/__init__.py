"""From a study to the cells, contrasts and trials that answer it."""
