"""Every public function and class, called with wrong things: one clear sentence, never whatever trips over them inside.

docs/api.md promises: what is of another type is an `ArgumentError` that names the argument, what cannot be used is a
`LimnerError`, and an array that is not as its contract says a ValueError.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import limner
from limner import samples
from limner.adjustment import Adjustment
from limner.assembly import (
    EffectOptions,
    MatteOptions,
    People,
    PeopleOptions,
    PhotoOptions,
    PhotoSaving,
    SubjectOptions,
    TemporalOptions,
    VideoSaving,
    build_effect,
    build_segmenter,
    build_select,
    build_subjects,
    build_temporal,
)
from limner.augment.batch import Batch
from limner.augment.gpu_augment import augment
from limner.checking import fits
from limner.datasets.manifest import PhotoFolder
from limner.effects import Chain
from limner.effects.fail_closed import FailClosed
from limner.errors import ArgumentError, LimnerError
from limner.evaluation import metrics
from limner.evaluation.contenders import contender
from limner.evaluation.evaluate import evaluate, means
from limner.export.exporting import Plan, export_all
from limner.export.source import Source as Source_
from limner.export.source import load_source
from limner.frame import TimedFrame
from limner.live.session import LiveOptions, LiveSession
from limner.live.source import LatestFrames
from limner.live.window.controls import Controls
from limner.live.window.desk import Desk
from limner.media.camera import open_camera
from limner.media.video_reader import VideoReader
from limner.media.virtual_camera import open_virtual_camera
from limner.media.window import open_window
from limner.models.catalogue import find_model
from limner.models.onnx_batch import with_open_batch
from limner.models.pair import publish
from limner.nets import make_net
from limner.processing.one_photo import PhotoProcessor, process_photo
from limner.processing.pipeline import run_pipeline
from limner.processing.video import process_video
from limner.runtimes.loading import load_runtime
from limner.segment.edge import Edge
from limner.segment.packed import pack_mask, unpack_mask
from limner.segment.people.subject import SubjectFilter, Subjects
from limner.segment.privacy import PrivacyGuard, PrivacyRules
from limner.segment.scene.background_subtraction import BackgroundSubtraction, MixtureSubtraction
from limner.segment.scene.empty_scene import EmptyScene
from limner.streams.outlet import Outlet
from limner.streams.source import StreamSource
from live_parts import KeptWindow, Scripted
from test_public_api import listed

WRONG = [None, True, -1, 7, 7.5, float("nan"), "no such thing", b"bytes", [], {}, (1, 2, 3), object(), Path("none"),
         np.zeros(3), np.zeros((4, 4, 3), np.uint8), int]  # fmt: skip
Call = tuple[Callable[..., Any], dict[str, Any]]
FRAME = np.zeros((24, 32, 3), np.uint8)
MATTE = limner.Matte(np.zeros((24, 32), np.float32))
ALPHA, MASK = np.zeros((24, 32), np.float32), np.zeros((24, 32), np.bool_)
CLIP, BLUR = np.zeros((3, 24, 32), np.float32), limner.make_effect("blur")


class Source:
    """A segmenter that needs no net."""

    def matte(self, frame: Any, *, previous: Any = None) -> limner.Matte:
        return limner.Matte(np.zeros(frame.shape[:2], np.float32))


def source() -> Source_:
    return load_source("fast", None)


def folder() -> PhotoFolder:
    made = PhotoFolder.__new__(PhotoFolder)
    made.folder = Path("none")
    return made


def batch() -> Batch:
    shape = (1, 1, 8, 8)
    return Batch(torch.zeros(1, 3, 8, 8, dtype=torch.uint8), torch.zeros(shape), torch.ones(shape))


def gone(*_: object) -> Any:
    raise LimnerError("there is no camera")


# What is called, and with what it works or is refused for the value alone.
TWO, THREE = {"prediction": MASK, "truth": MASK, "valid": MASK}, {"alpha": ALPHA, "truth": ALPHA, "valid": MASK}
CALLS: dict[str, Callable[[], Call]] = {
    "Matte": lambda: (limner.Matte, {"alpha": ALPHA, "confidence": 1.0, "hidden": False}),
    "Segmenter": lambda: (
        limner.Segmenter,
        {
            "model": "fast",
            "card": None,
            "runtime": "onnxruntime",
            "device": "cpu",
            "threads": 1,
            "refine": True,
            "threshold": 0.5,
            "softness": 0.5,
            "largest_only": False,
            "clean": True,
            "tiles": True,
            "on_fault": "raise",
        },
    ),
    "Segmenter.matte": lambda: (
        limner.Segmenter("video", threads=1).matte,
        {"frame": FRAME, "previous": MATTE, "edge": Edge()},
    ),
    "Segmenter.probability": lambda: (
        limner.Segmenter("fast", threads=1).probability,
        {"frame": FRAME, "previous": None},
    ),
    "TemporalSegmenter": lambda: (
        limner.TemporalSegmenter,
        {"segmenter": Source(), "temporal": "light", "gate": True, "look_ahead": 0, "edge": None},
    ),
    "TemporalSegmenter.matte": lambda: (limner.TemporalSegmenter(Source()).matte, {"frame": FRAME, "previous": MATTE}),
    "TemporalSegmenter.push": lambda: (limner.TemporalSegmenter(Source()).push, {"frame": FRAME}),
    "make_effect": lambda: (limner.make_effect, {"spec": "blur", "strength": 0.5}),
    "read_image": lambda: (limner.read_image, {"source": samples.PORTRAIT, "name": "me", "max_pixels": 10**8}),
    "write_image": lambda: (
        limner.write_image,
        {"target": "/dev/null", "pixels": FRAME, "like": None, "format": "jpg", "quality": 80, "metadata": "all"},
    ),
    "Adjustment": lambda: (
        Adjustment,
        {
            "curves": Adjustment.identity().curves,
            "matrix": np.eye(3, dtype=np.float32),
            "light": Adjustment.identity().light,
        },
    ),
    "Adjustment.from_vector": lambda: (Adjustment.from_vector, {"values": np.zeros(84)}),
    "Adjustment.toward": lambda: (Adjustment.identity().toward, {"other": Adjustment.identity(), "share": 0.5}),
    "Adjustment.apply": lambda: (Adjustment.identity().apply, {"frame": FRAME, "box": (0, 0, 4, 4)}),
    "EffectOptions": lambda: (EffectOptions, {"effect": "blur", "settings": {}}),
    "MatteOptions": lambda: (
        MatteOptions,
        {
            "model": "fast",
            "card": None,
            "runtime": "auto",
            "device": "cpu",
            "threads": 1,
            "threshold": 0.5,
            "softness": 0.5,
            "largest_only": False,
            "refine": True,
            "clean": True,
            "tiles": True,
        },
    ),
    "PeopleOptions": lambda: (
        PeopleOptions,
        {
            "subject": "main",
            "pick": None,
            "privacy": None,
            "method": "net",
            "empty_scene": None,
            "learn": 3,
            "difference": 3.0,
            "scene_color": False,
            "mixture": None,
            "scene_blur": None,
            "closing": None,
            "edge": None,
            "adapt": None,
            "all_regions": False,
        },
    ),
    "PhotoOptions": lambda: (
        PhotoOptions,
        {"effect": EffectOptions(), "matte": MatteOptions(), "people": SubjectOptions(), "saving": PhotoSaving()},
    ),
    "PhotoSaving": lambda: (
        PhotoSaving,
        {"format": "jpg", "quality": 80, "trim": False, "max_pixels": 10, "metadata": "all"},
    ),
    "VideoSaving": lambda: (
        VideoSaving,
        {
            "codec": "h264",
            "crf": 20,
            "preset": "fast",
            "start": Fraction(1),
            "duration": Fraction(1),
            "audio": True,
            "keep_going": False,
            "alpha": "ignore",
        },
    ),
    "SubjectOptions": lambda: (SubjectOptions, {"subject": "main", "pick": None}),
    "TemporalOptions": lambda: (TemporalOptions, {"temporal": "light", "look_ahead": 0, "gate": True}),
    "build_effect": lambda: (build_effect, {"options": EffectOptions()}),
    "build_segmenter": lambda: (build_segmenter, {"options": MatteOptions(threads=1), "on_fault": "raise"}),
    "build_select": lambda: (build_select, {"options": SubjectOptions()}),
    "build_subjects": lambda: (build_subjects, {"options": SubjectOptions()}),
    "build_temporal": lambda: (build_temporal, {"segmenter": Source(), "options": TemporalOptions()}),
    "People": lambda: (
        People,
        {"options": PeopleOptions(), "matte": MatteOptions(threads=1), "privacy": "off", "on_fault": "hide"},
    ),
    "PhotoFolder": lambda: (PhotoFolder, {"folder": Path("none"), "masks": None}),
    "Chain": lambda: (Chain, {"effects": [BLUR]}),
    "effect": lambda: (BLUR, {"frame": FRAME, "matte": MATTE}),
    "chain": lambda: (limner.make_effect("light_wrap,color:red"), {"frame": FRAME, "matte": MATTE}),
    "FailClosed": lambda: (FailClosed, {"effect": BLUR}),
    "fail closed": lambda: (FailClosed(BLUR), {"frame": FRAME, "matte": MATTE}),
    "contender": lambda: (contender, {"model": "fast", "label": "f", "refine": False, "threads": 1}),
    "evaluate": lambda: (
        evaluate,
        {
            "maker": lambda frame: ALPHA,
            "folder": folder(),
            "photos": [],
            "all_metrics": False,
            "progress": None,
        },
    ),
    "means": lambda: (means, {"scores": []}),
    **{name: partial(lambda name: (getattr(metrics, name), TWO), name) for name in ("accuracy", "iou", "mean_iou")},
    **{
        name: partial(lambda name: (getattr(metrics, name), THREE), name)
        for name in ("mad", "mse", "sad", "gradient_error", "connectivity_error")
    },
    "area_bias": lambda: (metrics.area_bias, {"counts": metrics.Confusion(1, 1, 1, 1)}),
    "boundary": lambda: (metrics.boundary, {"mask": MASK, "width": 0.02}),
    "boundary_iou": lambda: (metrics.boundary_iou, {**TWO, "width": 0.02}),
    "boundary_f": lambda: (metrics.boundary_f, {**TWO, "tolerance": 0.02}),
    "contour": lambda: (metrics.contour, {"mask": MASK}),
    "dtssd": lambda: (metrics.dtssd, {"alphas": CLIP, "truths": CLIP}),
    "messddt": lambda: (metrics.messddt, {"alphas": CLIP, "truths": CLIP, "flows": None}),
    "flicker": lambda: (metrics.flicker, {"alphas": CLIP, "still": CLIP[1:] > 0}),
    "still_pixels": lambda: (metrics.still_pixels, {"truths": CLIP}),
    "LiveOptions": lambda: (
        LiveOptions,
        {"seconds": 1.0, "frames": 1, "stall": 1.0, "folder": Path(), "always": False, "threads": 1},
    ),
    "LatestFrames": lambda: (
        LatestFrames,
        {"connect": gone, "every_frame": False, "retry": (1.0, 2.0), "on_change": None},
    ),
    "StreamSource": lambda: (
        StreamSource,
        {
            "address": "none.mp4",
            "every_frame": False,
            "on_sound": None,
            "loop": False,
            "patience": 1.0,
            "size": (64, 64),
            "rate": 30.0,
            "threads": 1,
            "retry": (1.0, 2.0),
            "on_change": None,
        },
    ),
    "Outlet": lambda: (
        Outlet,
        {
            "targets": ["none.mp4"],
            "rate": 25.0,
            "sound": False,
            "size": (64, 64),
            "bitrate": 1000,
            "sinks": [],
            "waits": False,
            "patience": 1.0,
            "on_change": None,
        },
    ),
    "Outlet.write": lambda: (Outlet([]).write, {"frame": TimedFrame(FRAME, Fraction(0))}),
    "open_camera": lambda: (
        open_camera,
        {"spec": "none.mp4", "size": (64, 64), "rate": 30.0, "loop": True, "paced": True},
    ),
    "open_virtual_camera": lambda: (open_virtual_camera, {"device": "none", "size": (64, 64), "rate": 30.0}),
    "open_window": lambda: (open_window, {"title": "x"}),
    "VideoReader": lambda: (
        VideoReader,
        {
            "source": samples.CLIP,
            "start": Fraction(0),
            "duration": Fraction(1),
            "keep_going": False,
            "smooth_chroma": False,
            "exact": True,
            "alpha": False,
            "threads": 1,
        },
    ),
    "publish": lambda: (
        publish,
        {"aside": Path("none"), "model": Path("none/x.onnx"), "card": limner.Segmenter("fast", threads=1).card},
    ),
    "PhotoProcessor": lambda: (PhotoProcessor, {"options": PhotoOptions(matte=MatteOptions(threads=1))}),
    "PhotoProcessor()": lambda: (
        PhotoProcessor(PhotoOptions(matte=MatteOptions(threads=1))),
        {"data": b"x", "name": "me"},
    ),
    "process_photo": lambda: (process_photo, {"data": b"x", "options": PhotoOptions()}),
    "run_pipeline": lambda: (
        run_pipeline,
        {
            "source": [],
            "segment": Source().matte,
            "effect": BLUR,
            "sink": gone,
            "depth": 2,
            "on_frame": None,
            "in_flight": 2,
            "idle": None,
            "idle_every": 0.1,
            "patience": 1.0,
            "stats": None,
        },
    ),
    "process_video": lambda: (
        process_video,
        {
            "source": "none.mp4",
            "target": "none.mkv",
            "segment": Source().matte,
            "effect": BLUR,
            "start": Fraction(0),
            "duration": Fraction(1),
            "threads": 1,
            "on_open": None,
            "on_frame": None,
        },
    ),
    "load_runtime": lambda: (
        load_runtime,
        {"path": "none.onnx", "runtime": "onnxruntime", "device": "cpu", "threads": 1, "example": None},
    ),
    "load_source": lambda: (load_source, {"path": "none.pt", "recipe": None}),
    "make_net": lambda: (make_net, {"name": "fast", "width": 0.25, "pruned": {}}),
    "Plan": lambda: (
        Plan,
        {
            "targets": ("onnx",),
            "precisions": None,
            "size": (32, 32),
            "name": "x",
            "data": None,
            "photos": 1,
            "calibration": 1,
            "browser": False,
            "licence": None,
            "origin": None,
            "notes": (),
        },
    ),
    "export_all": lambda: (
        export_all,
        {"source": source(), "out": Path("none"), "plan": Plan(targets=("onnx",), name="-"), "progress": gone},
    ),
    "augment": lambda: (augment, {"batch": batch(), "step": 0, "seed": 0, "look": None}),
    "Desk": lambda: (
        Desk,
        {"window": KeptWindow(), "controls": Controls(BLUR, backgrounds=["red"]), "mirror": False, "overlay": True},
    ),
    "LiveSession": lambda: (
        LiveSession,
        {
            "source": LatestFrames(lambda: Scripted([])),
            "mattes": PrivacyGuard(Source()),
            "effect": BLUR,
            "guard": None,
            "viewer": None,
            "virtual": None,
            "record": None,
            "pick": None,
            "release": None,
            "options": None,
        },
    ),
    "Edge": lambda: (Edge, {"threshold": 0.5, "softness": 0.5}),
    "with_open_batch": lambda: (with_open_batch, {"model": find_model("tiny").path.read_bytes()}),
    "pack_mask": lambda: (pack_mask, {"mask": MASK, "bits": 8}),
    "unpack_mask": lambda: (unpack_mask, {"numbers": pack_mask(MASK), "width": 32, "bits": 8}),
    "SubjectFilter": lambda: (SubjectFilter, {"keep": "main", "point": (1.0, 2.0)}),
    "SubjectFilter.pick": lambda: (SubjectFilter().pick, {"x": 1.0, "y": 2.0}),
    "SubjectFilter.apply": lambda: (SubjectFilter("main").apply, {"matte": MATTE, "frame": FRAME}),
    "Subjects": lambda: (Subjects, {"source": Source(), "filter": SubjectFilter()}),
    "PrivacyGuard": lambda: (PrivacyGuard, {"source": Source(), "rules": None}),
    "PrivacyRules": lambda: (
        PrivacyRules,
        {
            "keeps": 0.3,
            "sudden": 3,
            "same": 0.8,
            "hide_below": 0.3,
            "show_from": 0.4,
            "good_frames": 3,
            "person": 0.01,
            "strict": False,
        },
    ),
    "BackgroundSubtraction": lambda: (
        BackgroundSubtraction,
        {
            "threshold": 18.0,
            "blur": 0.5,
            "color": False,
            "exposure": True,
            "adapt": 0.02,
            "average": "mean",
            "scene": FRAME,
            "learn": 3,
        },
    ),
    "BackgroundSubtraction.matte": lambda: (BackgroundSubtraction().matte, {"frame": FRAME}),
    "MixtureSubtraction": lambda: (
        MixtureSubtraction,
        {"kind": "knn", "distance": 3.0, "shadows": True, "blur": 0.3, "adapt": 0.05, "exposure": True, "learn": 3},
    ),
    "EmptyScene": lambda: (EmptyScene, {"source": Source(), "picture": FRAME, "low": 9.0, "high": 30.0, "reach": 8.0}),
    "EmptyScene.matte": lambda: (EmptyScene(Source(), FRAME).matte, {"frame": FRAME, "previous": None, "edge": None}),
}


def outcome(function: Callable[..., Any], arguments: dict[str, Any], name: str, value: object) -> str:
    """What is wrong with how ``value`` was taken for the argument ``name``; "" where nothing is."""
    try:
        function(**{**arguments, name: value})
    except LimnerError as error:
        text = str(error)
        named = name in error.fields or name in text or not isinstance(error, ArgumentError)
        return "" if named and "\n" not in text else text
    except ValueError as error:
        array = isinstance(value, np.ndarray) or isinstance(arguments[name], np.ndarray) or function is limner.Matte
        return "" if array and str(error) else f"ValueError: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "" if fits(value, hint_of(function, name)) else "was taken"


@pytest.mark.parametrize("called", CALLS)
def test_wrong_things_are_told_in_a_sentence(called: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    function, arguments = CALLS[called]()
    told = {
        (name, repr(value)): complaint
        for name in arguments
        for value in WRONG
        if (complaint := outcome(function, arguments, name, value))
    }
    assert told == {}


def test_every_public_callable_is_in_the_table() -> None:
    called = {name.partition(".")[0] for name in CALLS}
    protocols = {"Effect", "BackgroundEffect", "EdgeEffect", "PersonEffect", "Viewer", "Camera", "VirtualCamera"}
    protocols |= {"Window", "MatteSource", "MatteStream"}
    results = {"ModelCard", "Confusion", "LiveResult", "VideoResult", "PhotoResult"}
    names = {
        name for module, names in listed().items() for name in names if callable(getattr(import_module(module), name))
    }
    errors = {name for name in names if name.endswith("Error")}
    assert names - called - protocols - results - errors == set()


def hint_of(function: Any, name: str) -> Any:
    from limner.checking import _hint

    if inspect.isclass(function):
        for owner in function.__mro__:
            if name in inspect.get_annotations(owner):
                return _hint(owner, name)
        function = function.__init__
    elif not inspect.isroutine(function):
        function = type(function).__call__
    function = inspect.unwrap(getattr(function, "__func__", function))
    found = _hint(function, name)
    return Any if type(found) is object else found
