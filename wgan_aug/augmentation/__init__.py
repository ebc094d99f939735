"""Rows added where they are wanted: a resampler, and the verdict on whether they help."""
