"""Sequences: what is cut from rows, and how good synthetic windows are."""
