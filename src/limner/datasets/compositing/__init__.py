"""Composites as a data folder: people with soft masks before photos without people, every parameter on record."""
