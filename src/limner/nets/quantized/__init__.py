"""Nets that compute in float numbers as their int8 files will."""
