"""Models: the weights that ship, each with its card; find them, list them, bring your own."""

from __future__ import annotations

from limner.models.catalogue import ModelFile, find_model, list_models, model_names

__all__ = ["ModelFile", "find_model", "list_models", "model_names"]
