"""From tables and figures to a page that can be sent around."""

from harness.report.page import render
from harness.report.summary import Summary, summarise_run

__all__ = ["Summary", "render", "summarise_run"]
