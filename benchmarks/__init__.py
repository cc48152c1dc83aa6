"""Limner's numbers are those of the base install, whichever faster runtimes lie beside it."""

import os

os.environ.setdefault("LIMNER_RUNTIME", "onnxruntime")
