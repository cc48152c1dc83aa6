"""Faults of labelled photos: found, told, and mended where that is safe."""
