"""The graph that targets convert, and what rewrites it."""
