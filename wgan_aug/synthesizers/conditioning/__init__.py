"""Rows under conditions: which codes meet them, and how the other columns are drawn."""
