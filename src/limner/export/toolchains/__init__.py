"""Environments of their own for converters that cannot stand beside Limner's packages."""
