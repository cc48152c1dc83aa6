"""The photometric chain on batches of tensors, so that a GPU does it: same steps, chances and strengths as on the CPU.

What is random is drawn with numpy from (seed, step); only noise comes from the device's own generator. So a batch
comes out the same whenever it is made again on the same kind of device.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from limner.augment import light
from limner.augment.batch import Batch
from limner.augment.blending import RAMP
from limner.augment.camera import disc, line
from limner.augment.gpu_jpeg import blocks
from limner.augment.photometric import Look
from limner.checking import checked
from limner.errors import OptionError

Floats = NDArray[np.float32]


@checked
def augment(batch: Batch, *, step: int, seed: int, look: Look | None = None) -> Batch:
    """``batch``, drawn by ``Sampler(..., photometric=False)``, in random light before random cameras.

    Args:
        batch: on any device. Targets, weights and previous masks are left as they are.
        step, seed: decide everything. Processes that share a step need seeds of their own.
        look: chances of the steps, by default those of ``Look``.

    Returns:
        a new batch: each picture changed; twins changed in another way; previous frames in the same light and by the
        same camera as their pictures, with new noise.
    """
    look = look or Look()
    if step < 0 or seed < 0:
        raise OptionError(f"‹{'step' if step < 0 else 'seed'}› must be 0 or more")
    key = [seed, step]
    plan = _draw(len(batch.images), batch.images.shape[-1], np.random.default_rng([*key, 0]), look)
    changed = replace(batch, images=_apply(batch.images, plan, [*key, 1]))
    if batch.previous is not None:
        changed = replace(changed, previous=_apply(batch.previous, plan, [*key, 2]))
    if batch.twins is not None:
        other = _draw(len(batch.twins), batch.twins.shape[-1], np.random.default_rng([*key, 3]), look)
        changed = replace(changed, twins=_apply(batch.twins, other, [*key, 4]))
    return changed


@dataclass(frozen=True, slots=True)
class _Plan:
    """What happens to each of N pictures; where a step does not happen its numbers do nothing.

    Attributes:
        levels: (N, 3, 256), what each level becomes, in [0, 1].
        saturation: (N,); ``gradient``: (N, 1, 2, 2), light at the corners.
        glow: (N, 3, 32, 32) added light; ``exposed``: (N, 2), exposure and veil.
        blurred: indices; ``kernels``: (their number, K, K).
        shrunk: indices; ``factor``: how much.
        noise: (N, 3): deviation of white noise, read noise and shot noise, in levels; ``grey``: (N,) 1 or 0, whether
            white noise is the same in all channels; ``blotch``: (N,) deviation of coarse colour noise.
        jpeg, video: indices; their qualities.
    """

    levels: Floats
    saturation: Floats
    gradient: Floats
    glow: Floats
    exposed: Floats
    blurred: list[int]
    kernels: Floats
    shrunk: list[int]
    factor: float
    noise: Floats
    grey: Floats
    blotch: Floats
    jpeg: dict[int, int]
    video: dict[int, int]


def _draw(count: int, size: int, rng: np.random.Generator, look: Look) -> _Plan:
    levels = np.empty((count, 3, 256), np.float32)
    saturation, gradient = np.ones(count, np.float32), np.ones((count, 1, 2, 2), np.float32)
    glow, exposed = np.zeros((count, 3, 32, 32), np.float32), np.tile(np.array([1, 0], np.float32), (count, 1))
    noise, grey, blotch = np.zeros((count, 3), np.float32), np.zeros(count, np.float32), np.zeros(count, np.float32)
    kernels: dict[int, Floats] = {}
    shrunk: list[int] = []
    jpeg: dict[int, int] = {}
    video: dict[int, int] = {}
    for index, draws in enumerate(rng.random((count, 11))):
        levels[index] = _levels(draws[0] < look.tone, draws[1] < look.filter, draws[5] < look.dark, rng)
        if draws[2] < look.grey + look.saturation:
            saturation[index] = 0 if draws[2] < look.grey else rng.uniform(0.3, 1.5)
        if draws[3] < look.gradient:
            gradient[index] = rng.uniform(0.45, 1.5, (1, 2, 2))
        if draws[4] < look.glow:
            shine = light.draw_glow(rng)
            glow[index] = shine.colour[:, None, None] * shine.patch / 255
            exposed[index] = shine.exposure, shine.veil
        if (kernel := _kernel(draws[6], size, rng, look)) is not None:
            kernels[index] = kernel
        if draws[7] < look.small:
            shrunk.append(index)
        if draws[8] < look.noise:
            noise[index, 0], grey[index] = rng.uniform(1, 12), rng.random() < 0.5
        if draws[9] < look.sensor:
            noise[index, 1:], blotch[index] = (rng.uniform(0.5, 5), rng.uniform(0.2, 3)), rng.uniform(0, 6)
        if draws[10] < look.jpeg:
            jpeg[index] = int(rng.integers(25, 92))
        elif draws[10] < look.jpeg + look.video:
            video[index] = int(rng.integers(12, 60))
    factor = rng.uniform(0.35, 0.8)  # one a batch
    reach = max((kernel.shape[0] // 2 for kernel in kernels.values()), default=0)
    stacked = [np.pad(kernel, reach - kernel.shape[0] // 2) for kernel in kernels.values()]
    same = np.stack(stacked) if stacked else np.zeros((0, 1, 1), np.float32)
    return _Plan(
        levels,
        saturation,
        gradient,
        glow,
        exposed,
        list(kernels),
        same,
        shrunk,
        factor,
        noise,
        grey,
        blotch,
        jpeg,
        video,
    )


def _levels(tone: bool, colour_filter: bool, dark: bool, rng: np.random.Generator) -> Floats:
    """(3, 256): all tables of the chain in one."""
    levels = np.repeat(RAMP[:, None], 3, axis=1)
    for wanted, make in (
        (tone, light.tone_levels),
        (colour_filter, light.random_filter),
        (dark, lambda r: np.repeat(light.dark_levels(r)[:, None], 3, axis=1)),
    ):
        if wanted:
            curve = make(rng)
            levels = np.stack([np.interp(np.clip(levels[:, c], 0, 1), RAMP, curve[:, c]) for c in range(3)], axis=1)
    return np.clip(levels.T, 0, 1).astype(np.float32)


def _kernel(draw: float, size: int, rng: np.random.Generator, look: Look) -> Floats | None:
    """The blur of a lens or a motion, (K, K) with K odd and a sum of 1."""
    if draw < look.soft:
        sigma = rng.uniform(0.4, 1.6) * size / 160
        row = cv2.getGaussianKernel(2 * int(np.ceil(2.5 * sigma)) + 1, sigma)
        return np.asarray(row @ row.T, np.float32)
    if draw < look.soft + look.motion:
        return line(max(3, int(rng.uniform(0.015, 0.05) * size)) | 1, rng.uniform(0, 180))
    if draw < look.soft + look.motion + look.lens:
        return disc(max(0.7, rng.uniform(0.004, 0.018) * size))
    return None


def _apply(images: Tensor, plan: _Plan, key: list[int]) -> Tensor:
    """``images`` uint8 (N, 3, S, S) changed as planned, uint8 again; ``key`` seeds the noise."""
    device, size = images.device, images.shape[-1]

    def send(array: Floats) -> Tensor:
        return torch.from_numpy(array).to(device, non_blocking=True)

    flat = images.long().flatten(2)
    x = send(plan.levels).gather(2, flat).view(images.shape)
    grey = (x * x.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    x = (grey + (x - grey) * send(plan.saturation).view(-1, 1, 1, 1)).clamp_(0, 1)
    x = (x * F.interpolate(send(plan.gradient), (size, size), mode="bilinear")).clamp_(0, 1)
    exposure, veil = send(plan.exposed).view(-1, 2, 1, 1, 1).unbind(1)
    x = (x * exposure + veil + F.interpolate(send(plan.glow), (size, size), mode="bilinear")).clamp_(0, 1)
    if plan.blurred:
        x[plan.blurred] = _blurred(x[plan.blurred], send(plan.kernels))
    if plan.shrunk:
        small = F.interpolate(x[plan.shrunk], scale_factor=plan.factor, mode="bilinear", antialias=True)
        x[plan.shrunk] = F.interpolate(small, (size, size), mode="bilinear")
    x = x + _noise(x, plan, key) / 255
    for coarse, chosen in ((2, plan.jpeg), (4, plan.video)):
        if chosen:
            quality = torch.tensor(list(chosen.values()), dtype=torch.float32, device=device)
            x[list(chosen)] = blocks(x[list(chosen)].clamp(0, 1), quality, coarse=coarse, smooth=coarse == 4)
    return (x * 255 + 0.5).clamp_(0, 255).to(torch.uint8).contiguous(memory_format=torch.channels_last)


def _blurred(x: Tensor, kernels: Tensor) -> Tensor:
    """Each picture of (N, 3, S, S) with its own kernel of (N, K, K)."""
    count, _, size, _ = x.shape
    reach = kernels.shape[-1] // 2
    padded = F.pad(x, (reach,) * 4, mode="reflect").reshape(1, count * 3, size + 2 * reach, size + 2 * reach)
    weight = kernels.repeat_interleave(3, 0)[:, None]
    return F.conv2d(padded, weight, groups=count * 3).view(x.shape)


def _noise(x: Tensor, plan: _Plan, key: list[int]) -> Tensor:
    """White noise, noise that grows with the light, and coarse blotches of colour, in levels."""
    seed = int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> 1)
    generator = torch.Generator(x.device).manual_seed(seed)
    fine = torch.randn(x.shape, generator=generator, device=x.device)
    white, read, shot = torch.from_numpy(plan.noise).to(x.device).view(-1, 3, 1, 1, 1).unbind(1)
    grey = torch.from_numpy(plan.grey).to(x.device).view(-1, 1, 1, 1)
    even = fine[:, :1] * grey + fine * (1 - grey)
    coarse_size = max(4, x.shape[-1] // 6)
    coarse = torch.randn(len(x), 3, coarse_size, coarse_size, generator=generator, device=x.device)
    coarse = coarse - coarse.mean(1, keepdim=True)
    blotch = torch.from_numpy(plan.blotch).to(x.device).view(-1, 1, 1, 1)
    coloured = F.interpolate(coarse * blotch, x.shape[-2:], mode="bilinear")
    return even * white + fine * (shot * x.clamp(0, 1) * 20 + read**2).sqrt() + coloured
