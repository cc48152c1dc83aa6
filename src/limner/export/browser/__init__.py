"""Exported models in a real browser."""
