"""Augment: what light, cameras and rooms do to a training picture."""
