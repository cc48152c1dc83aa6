"""Pruning: channels out of a trained net, step by step."""
