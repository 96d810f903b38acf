"""What all tests share: the table of the chaos tests at the end of a run."""

from __future__ import annotations

from tests.chaos.report import pytest_terminal_summary

__all__ = ["pytest_terminal_summary"]
