"""Sequences to arrays of states and numbers by step, and back."""
