"""Weights: the tensors of nets in files, and what a file says of the net that they are of."""
