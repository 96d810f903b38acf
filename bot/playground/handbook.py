"""The example handbook's pages, read-only, so that the sources under answers can be opened."""

from __future__ import annotations

import html
import re
from pathlib import Path

from bot.ingest import FRONT_MATTER
from bot.playground import marking

FOLDER = Path(__file__).parents[2] / "examples" / "handbook"
NAME = re.compile(r"[A-Za-z0-9_-]+\.md")
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Handbook</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/base.css">
<link rel="stylesheet" href="/handbook.css">
</head>
<body>
<main>
<p class="about">From the handbook of a company that does not exist</p>
{body}</main>
</body>
</html>
"""


def page(folder: Path, name: str) -> str | None:
    """The page `name` (like 'expenses.md') as a whole HTML document; None if there is none."""
    if not NAME.fullmatch(name):
        return None
    try:
        text = (folder / name).read_text(encoding="utf-8")
    except OSError:
        return None
    body = FRONT_MATTER.sub("", text)
    return PAGE.format(title=html.escape(Path(name).stem), body=marking.page(body))
