"""The layer graph, its types and its symbolic dimensions."""
