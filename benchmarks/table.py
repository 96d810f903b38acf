"""What came out: one row for each promise, judged against its limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from statistics import median

HEADINGS = ("what", "baseline", "ours", "judged", "spread", "limit", "")


class Judged(Enum):
    """What is held against the limit: ours by itself, or compared with the baseline.

    Comparisons are made within each repetition, whose two sides ran one after the other: the
    machine may be faster or slower from one repetition to the next.
    """

    OURS = "ours"
    RATIO = "ours / baseline"
    DIFFERENCE = "ours - baseline"


@dataclass(slots=True)
class Row:
    """One promise: what is measured in which unit, and its limit.

    `baselines` and `ours` have one figure for each repetition; a row judged by OURS may have no
    baseline. `limit` is the most that is allowed, or with `at_least` the least; None if the row
    is only told. `places` is the number of decimal places. `skipped` is why nothing could be
    measured, '' if it was.
    """

    subject: str
    unit: str
    judged: Judged
    limit: float | None
    at_least: bool = False
    places: int = 2
    skipped: str = ""
    baselines: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)

    def add(self, *, ours: float, baseline: float | None = None) -> None:
        """Take in one repetition."""
        self.ours.append(ours)
        if baseline is not None:
            self.baselines.append(baseline)

    @property
    def figures(self) -> list[float]:
        """What is judged, for each repetition."""
        if self.judged is Judged.OURS:
            return self.ours
        pairs = zip(self.ours, self.baselines, strict=True)
        if self.judged is Judged.RATIO:
            return [ours / baseline for ours, baseline in pairs]
        return [ours - baseline for ours, baseline in pairs]

    @property
    def missed(self) -> bool:
        """Whether the median breaks the limit."""
        if self.limit is None or self.skipped:
            return False
        figure = median(self.figures)
        return figure < self.limit if self.at_least else figure > self.limit

    def cells(self) -> tuple[str, ...]:
        """The row as it is printed."""
        if self.skipped:
            return (self.subject, *["-"] * 5, f"skipped: {self.skipped}")
        unit = "×" if self.judged is Judged.RATIO else f" {self.unit}"
        figures = self.figures
        limit = "-"
        if self.limit is not None:
            limit = f"{'≥' if self.at_least else '≤'} {self.limit:g}{unit}"
        places = 2 if self.judged is Judged.RATIO else self.places
        return (
            self.subject,
            f"{median(self.baselines):.{self.places}f} {self.unit}" if self.baselines else "-",
            f"{median(self.ours):.{self.places}f} {self.unit}",
            f"{median(figures):.{places}f}{unit}",
            f"{min(figures):.{places}f} to {max(figures):.{places}f}",
            limit,
            "" if self.limit is None else "missed" if self.missed else "ok",
        )


def printed(rows: Sequence[Row]) -> str:
    """All rows as a table of plain text; figures are medians over the repetitions."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = [
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return "\n".join([shown[0], "-" * len(shown[0]), *shown[1:]])
