"""Cells of a table to states and numbers, and back: one encoder a column, without torch."""
