"""Where the trainable weights of a model lie, for training that goes on from them."""

from __future__ import annotations

from pathlib import Path

from limner.errors import ModelError

_FOLDER = Path(__file__).parent


def weights_path(name: str) -> Path:
    """The .safetensors or .pt file that ``name`` means: a shipped model's name or a path.

    Raises:
        ModelError: there is no such file or model.
    """
    if Path(name).suffix in (".safetensors", ".pt"):
        if not Path(name).is_file():
            raise ModelError(f"{name}: no such file")
        return Path(name)
    shipped = _FOLDER / f"{'fast' if name == 'default' else name}.safetensors"
    if not shipped.is_file():
        known = ", ".join(sorted(path.stem for path in _FOLDER.glob("*.safetensors"))) or "none"
        raise ModelError(f"--init {name}: no shipped model has weights of that name (there are: {known})")
    return shipped
