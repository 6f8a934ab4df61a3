"""The values that exist while a model is compiled, and what is computed with them; nothing here knows of graphs."""
