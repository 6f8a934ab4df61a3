"""Values of weights: initializers, files, and the matching of names."""
