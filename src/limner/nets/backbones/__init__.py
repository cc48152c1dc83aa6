"""Encoders that nets are built on, one file each."""
