"""Passes over the layer graph, what they optimize for, and what is measured on it."""
