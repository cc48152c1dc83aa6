"""Layouts: the folders that other tools and data sets have, read as photos with masks."""
