"""What a team settles for its files: ``dotnn.toml`` and ``pyproject.toml``, patterns of paths, baselines."""
