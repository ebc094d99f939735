"""Samples larger than memory: a folder of parts, drawn one by one, here or on a Dask cluster."""
