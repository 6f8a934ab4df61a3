"""Passes over the operator graph and what they optimize for; expectations and summaries of the layer graph."""
