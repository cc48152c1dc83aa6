"""Scripts that run in a toolchain's own Python: standard library and the toolchain's packages, nothing of limner."""
