"""What links lead to: the example handbook's pages, read-only, and a page in place of any file."""

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
<title>{title}</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/base.css">
<link rel="stylesheet" href="/handbook.css">
</head>
<body>
<main>
<p class="about">{about}</p>
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
    return PAGE.format(
        title=f"{html.escape(Path(name).stem)} · Handbook",
        about="From the handbook of a company that does not exist",
        body=marking.page(body),
    )


def file_page(name: str) -> str:
    """The page that a link to the file `name` leads to."""
    shown = html.escape(name)
    body = f"<h1>{shown}</h1>\n<p>The platform would open the file here.</p>\n"
    return PAGE.format(title=shown, about="The playground sends only names of files", body=body)
