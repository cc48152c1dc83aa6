"""QualityNet keeps the contract of nets."""

from __future__ import annotations

from nets.net_tester import NetTester


class TestQuality(NetTester):
    name = "quality"
