"""Fusion of neighbouring nodes: one rule per file."""
