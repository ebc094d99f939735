"""What the cells of text tables say: which are missing, which are numbers."""

from __future__ import annotations

__all__ = ["BOOLEANS", "INTEGER", "MISSING", "NUMBER"]

MISSING = ["", "NA", "N/A", "#N/A", "<NA>", "NaN", "nan", "NULL", "null"]
"""Cells that stand for a missing value; those of blanks alone do, too."""

INTEGER = r"[+-]?(?:0|[1-9][0-9]*)"
"""A whole number; leading zeros make a code, not a number."""

NUMBER = (
    r"[+-]?(?:(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
    r"|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?)"
)
"""Any number."""

BOOLEANS = ["True", "False"]
"""The two values of a boolean column."""
