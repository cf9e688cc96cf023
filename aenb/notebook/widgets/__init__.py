"""What moves in a notebook: the live view of a training."""
