"""Filters of sampled rows: declared constraints, and no copies of training rows."""
