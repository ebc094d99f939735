"""Generators, critics and output heads: modules only. No losses, no training, no pandas."""
