"""What is generated from the model catalogue: typed parameters, a page per model, the index."""
