"""Numbers → figures: an info function (tested) and a drawing function each."""
