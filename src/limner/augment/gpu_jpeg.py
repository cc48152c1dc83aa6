"""What JPEG loses, as tensor arithmetic: 8 × 8 cosine transform, quantisation, coarse colour (Wallace 1991)."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

# The example tables of the standard (ITU-T T.81, annex K), which libjpeg uses.
_LUMA = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMA = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8 for _ in range(4)),
)
_TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


def blocks(x: Tensor, quality: Tensor, *, coarse: int, smooth: bool) -> Tensor:
    """``x`` as it comes back from a file.

    Args:
        x: float (N, 3, S, S), RGB in [0, 1].
        quality: float (N,), 1 … 100 as libjpeg counts.
        coarse: colour is kept at 1/``coarse`` of the resolution.
        smooth: blur the seams of the blocks a little, as video decoders do.

    Returns:
        float (N, 3, S, S) in [0, 1].
    """
    size = x.shape[-1]
    to_ycc = x.new_tensor(_TO_YCC)
    ycc = torch.einsum("dc,nchw->ndhw", to_ycc, x) * 255
    side = -(-size // (8 * coarse)) * 8 * coarse
    padded = F.pad(ycc, (0, side - size, 0, side - size), mode="replicate")
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality) / 100
    luma = _quantised(padded[:, :1] - 128, x.new_tensor(_LUMA), scale) + 128
    if smooth:
        kernel = x.new_tensor([0.21, 0.58, 0.21])
        luma = F.conv2d(F.pad(luma, (1, 1, 1, 1), mode="replicate"), (kernel[:, None] * kernel)[None, None])
    colour = _quantised(F.avg_pool2d(padded[:, 1:], coarse), x.new_tensor(_CHROMA), scale)
    colour = F.interpolate(colour, scale_factor=coarse, mode="bilinear")
    whole = torch.cat([luma, colour], 1)[..., :size, :size]
    return (torch.einsum("dc,nchw->ndhw", torch.linalg.inv(to_ycc), whole) / 255).clamp(0, 1)


def _quantised(planes: Tensor, table: Tensor, scale: Tensor) -> Tensor:
    """(N, C, H, W) with each 8 × 8 block's cosine coefficients rounded to multiples of the scaled table."""
    count, channels, height, width = planes.shape
    steps = (table * scale.view(-1, 1, 1) + 0.5).floor().clamp(1, 255).view(count, 1, 1, 1, 8, 8)
    basis = torch.from_numpy(_cosines()).to(planes)
    cut = planes.view(count, channels, height // 8, 8, width // 8, 8).permute(0, 1, 2, 4, 3, 5)
    coefficients = basis @ cut @ basis.T
    back = basis.T @ (torch.round(coefficients / steps) * steps) @ basis
    return back.permute(0, 1, 2, 4, 3, 5).reshape(count, channels, height, width)


def _cosines() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The orthonormal 8-point cosine transform (DCT-II)."""
    row, column = np.arange(8)[:, None], np.arange(8)[None]
    basis = np.cos(np.pi * (2 * column + 1) * row / 16) / 2
    basis[0] /= np.sqrt(2)
    return basis.astype(np.float32)
