"""The report of `limner eval`: one HTML file with tables, curves and the worst cases of one model or several."""

from __future__ import annotations

from limner.evaluation.report.page import Findings, write_report

__all__ = ["Findings", "write_report"]
