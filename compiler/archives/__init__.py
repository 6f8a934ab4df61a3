"""Zip archives from anywhere, and the arrays of numpy that stand in them or alone, read and written."""
