"""How good synthetic rows are, and what they are worth to a downstream model. Frames in, figures out."""
