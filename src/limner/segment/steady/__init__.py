"""Steady mattes: what moved, and what may stay as it was."""
