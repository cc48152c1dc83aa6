"""Datasets: folders of labelled photos, and the training pictures that are drawn from them."""
