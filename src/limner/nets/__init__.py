"""The nets by name. Adding one is adding a file and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limner.checking import check_arguments, checked, wrong
from limner.errors import OptionError
from limner.nets.base import SegmentationNet
from limner.nets.deeplab_v3plus import DeepLabV3Plus
from limner.nets.fast import FastNet
from limner.nets.gated_selfie import GatedSelfieNet
from limner.nets.mobile_unet import MobileUNet
from limner.nets.portrait_net import PortraitNet
from limner.nets.prisma_net import PrismaNet
from limner.nets.quality import QualityNet
from limner.nets.selfie import SelfieNet
from limner.nets.sinet import SINet
from limner.nets.slim_net import SlimNet
from limner.nets.steady_selfie import SteadySelfieNet
from limner.nets.tiny import TinyNet
from limner.nets.widths import Widths, narrow
from limner.suggestions import did_you_mean

NETS: dict[str, type[SegmentationNet]] = {
    "fast": FastNet,
    "quality": QualityNet,
    "tiny": TinyNet,
    "selfie": SelfieNet,
    "gated_selfie": GatedSelfieNet,
    "steady_selfie": SteadySelfieNet,
    "prisma_net": PrismaNet,
    "portrait_net": PortraitNet,
    "slim_net": SlimNet,
    "sinet": SINet,
    "mobile_unet": MobileUNet,
    "deeplab_v3plus": DeepLabV3Plus,
}


def no_net(name: str) -> str:
    """What to say where no net has that name."""
    near = did_you_mean(name, NETS)
    return f"there is no net {name!r}{near or ';'} the nets are {', '.join(sorted(NETS))}"


@checked
def make_net(name: str, **options: Any) -> SegmentationNet:
    """A freshly initialised net.

    Beside the options of its class every net takes ``pruned``: layer name -> (in, out) channels, as `limner prune` left
    them.

    Raises:
        OptionError: no net has that name, or an option has a value that it does not take.
        ArgumentError: it has no such option, or one is of another type.
    """
    if name not in NETS:
        raise OptionError(f"net: {no_net(name)}")
    pruned: Widths = options.pop("pruned", {})
    if not isinstance(pruned, Mapping):
        raise wrong("pruned", pruned, Widths)
    check_arguments(NETS[name].__init__, options, of=f"net {name}")
    try:
        net = NETS[name](**options)
    except (TypeError, ValueError, RuntimeError) as error:  # numbers that make no layer
        raise OptionError(f"net: {name} cannot be made with these options ({error})") from None
    narrow(net, pruned)
    return net
