"""What may be a mistake in a network that compiles: one rule per file."""
