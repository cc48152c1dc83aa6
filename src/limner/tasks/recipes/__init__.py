"""Recipes: what YAML files say about a run, checked. They need no torch."""
