"""The flows as values: what may happen, in which order, to whom. Nothing here reaches outside or knows the time."""
