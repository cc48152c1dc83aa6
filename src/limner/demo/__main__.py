"""`python -m limner.demo`: what `make run` calls."""

from __future__ import annotations

from limner.demo.running import main

main()
