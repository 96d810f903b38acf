"""The rooms of the product and what each imports, read from the code, as a picture."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from adapters import platforms

ROOT = Path(__file__).parents[2]
PRODUCT = ("agent", "adapters", "bot", "storage", "twins")
RIMS = ("agent.providers", "agent.tools")
"""Rooms within a folder; each platform and its twin are others."""
VENDORS = {
    "slack_bolt": "Slack's SDK",
    "slack_sdk": "Slack's SDK",
    "botbuilder": "Bot Framework",
    "botframework": "Bot Framework",
    "anthropic": "anthropic",
    "openai": "openai",
    "sqlite3": "SQLite",
    "sqlite_utils": "SQLite",
}
"""Whose SDKs stay in one room (import-linter holds it), by the names of their packages."""


def imports() -> set[tuple[str, str]]:
    """Pairs of rooms, or of a room and a vendor: the first imports the second somewhere."""
    found = {
        (room_of(module), target)
        for folder in PRODUCT
        for path in (ROOT / folder).rglob("*.py")
        for module in [".".join(path.relative_to(ROOT).with_suffix("").parts)]
        for name in _imported(path)
        if (target := room_of(name))
    }
    return {(importer, imported) for importer, imported in found if importer != imported}


def room_of(module: str) -> str:
    """The room of a module, the vendor of a package; '' for everything else."""
    first, *rest = module.split(".")
    if first not in PRODUCT:
        return VENDORS.get(first, "")
    if first == "adapters" and rest and rest[0] in platforms():
        twin = len(rest) > 1 and rest[1].startswith("twin")
        return f"adapters.{rest[0]} (twin)" if twin else f"adapters.{rest[0]}"
    inner = ".".join([first, *rest[:1]])
    return inner if inner in RIMS else first


def picture() -> str:
    """The rooms as a Mermaid flowchart; what belongs to vendors is round."""
    edges = sorted(imports())
    names = sorted({name for edge in edges for name in edge})
    ident = {name: f"r{number}" for number, name in enumerate(names)}
    vendors = set(VENDORS.values())
    lines = ["```mermaid", "flowchart TD"]
    for name in names:
        shape = f'(["{name}"])' if name in vendors else f'["{name}"]'
        lines.append(f"    {ident[name]}{shape}")
    lines += [f"    {ident[importer]} --> {ident[imported]}" for importer, imported in edges]
    return "\n".join([*lines, "```"])


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from adapters import slack` names the room last.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
