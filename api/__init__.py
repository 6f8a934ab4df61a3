"""dotnn compiles neural networks written as text."""
