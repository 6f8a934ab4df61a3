"""Remedies that are found by trying: what mends a shape, as edits of the text that leave no error behind."""
