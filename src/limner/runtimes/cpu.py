"""What this machine's CPU is called and can do, as far as runtimes care."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TELLING = ("avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "avx512_fp16", "amx_tile")
_ARM = ("asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sve")


@dataclass(frozen=True, slots=True)
class Cpu:
    """Name, architecture ("x86_64") and those instruction sets that make nets faster, in a fixed order."""

    name: str
    machine: str
    features: tuple[str, ...]


@cache
def this_cpu() -> Cpu:
    """The CPU this process runs on; its features are empty where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        lines = []
    told: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(":")
        told.setdefault(key.strip().lower(), value.strip())
    flags = set(told.get("flags", told.get("features", "")).split())
    name = told.get("model name") or platform.processor() or platform.machine()
    return Cpu(name, platform.machine(), tuple(flag for flag in (*_TELLING, *_ARM) if flag in flags))


def int8_kernels() -> str:
    """What multiplies 8-bit numbers here, in words; "" where the system does not tell what the CPU can do.

    Without VNNI, x86 processors hold sums of two products in 16 bits, and saturate.
    """
    cpu = this_cpu()
    if not cpu.features:
        return ""
    if cpu.machine in ("x86_64", "AMD64", "i686"):
        return "VNNI" if {"avx512_vnni", "avx_vnni"} & set(cpu.features) else "no VNNI"
    return "dot product" if {"asimddp", "i8mm"} & set(cpu.features) else "no dot product"
