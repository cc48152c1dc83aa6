"""Weights: reading and writing the tensors of nets, and building a net again from its record."""
