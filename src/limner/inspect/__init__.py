"""Inspect: what a model file is made of, a first card for it, and advice on making it run better."""
