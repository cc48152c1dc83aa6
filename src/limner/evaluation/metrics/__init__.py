"""Metrics of mattes: pure functions on arrays. docs/evaluation.md has their definitions and papers in one table."""

from __future__ import annotations

from limner.evaluation.metrics.boundaries import boundary, boundary_f, boundary_iou, contour
from limner.evaluation.metrics.mattes import connectivity_error, gradient_error, mad, mse, sad
from limner.evaluation.metrics.regions import Confusion, accuracy, area_bias, iou, mean_iou
from limner.evaluation.metrics.video import dtssd, flicker, messddt, still_pixels

__all__ = [
    "Confusion",
    "accuracy",
    "area_bias",
    "boundary",
    "boundary_f",
    "boundary_iou",
    "connectivity_error",
    "contour",
    "dtssd",
    "flicker",
    "gradient_error",
    "iou",
    "mad",
    "mean_iou",
    "messddt",
    "mse",
    "sad",
    "still_pixels",
]
