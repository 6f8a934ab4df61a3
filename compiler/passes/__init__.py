"""dotnn."""
