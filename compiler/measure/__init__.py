"""What is measured on the layer graph, as written: metrics, summaries, expectations."""
