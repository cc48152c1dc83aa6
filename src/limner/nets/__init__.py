"""The nets by name. Adding one is adding a file and a line here."""

from __future__ import annotations

from typing import Any

from limner.errors import OptionError
from limner.nets.base import SegmentationNet
from limner.nets.fast import FastNet
from limner.nets.quality import QualityNet
from limner.nets.tiny import TinyNet

NETS: dict[str, type[SegmentationNet]] = {
    "fast": FastNet,
    "quality": QualityNet,
    "tiny": TinyNet,
}


def make_net(name: str, **options: Any) -> SegmentationNet:
    """A freshly initialised net.

    Raises:
        OptionError: no net has that name, or it does not take one of the options.
    """
    if name not in NETS:
        raise OptionError(f"net: there is no net {name!r}; the nets are {', '.join(sorted(NETS))}")
    try:
        return NETS[name](**options)
    except TypeError as error:
        raise OptionError(f"net: {name} does not take these options ({error})") from None
