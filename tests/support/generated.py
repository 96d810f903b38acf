"""The parts of the documents that are made from the code.

`python -m tests.support.generated` writes them; a test fails when they differ. Each part stands
between `<!-- NAME begins -->` and `<!-- NAME ends -->`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from agent.state import RESTING, TABLE, State
from bot.settings import ENVIRONMENT_ONLY, Settings, variables
from tests.support import rooms

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"

MEANING: Mapping[str, str] = {
    "host": "address to listen on",
    "port": "port to listen on",
    "database_url": "where everything is kept",
    "models": "`vendor:model`, comma separated, in the order they are tried",
    "human_channel": "`slack:C…` or `teams:19:…`: where cases go",
    "second_channel": "`slack:C…` or `teams:19:…`: where unclaimed cases go later",
    "admins": "`slack:U…`, `teams:` and the user's object id in Entra; comma separated: who may "
    "use the admins' commands",
    "desk_name": "what the desk is called, as in “Ada (IT)”",
    "desk_sla_minutes": "in so many minutes of its hours a case should be claimed",
    "desk_stale_days": "a case about which nobody says anything for so many days is closed",
    "desk_hours": "when people are at the desk, like `mon-fri 09:00-17:00`; always if not set",
    "desk_time_zone": "an IANA name: the zone of these hours",
    "contact": "whom the bot names when there is no human channel",
    "first_token_seconds": "after so long without output the next model starts beside",
    "answer_seconds": "for one model of one answer, its retries included",
    "turn_seconds": "for all models of one answer",
    "min_confidence": "below it an answer comes with the offer of a person",
    "low_confidence": "`offer` a person, or `escalate` at once",
    "follow_threads": "answer follow-ups in a thread without a new mention",
    "guests": "`allow` or `refuse` guests of the workspace",
    "external": "`allow` or `refuse` people of other companies (shared channels)",
    "retention_days": "content is erased after so many days; 0 keeps it for ever",
    "log_format": "`text` or `json`",
    "log_level": "`debug`, `info`, `warning`, `error`",
}


def state_table() -> str:
    """The transition table as Markdown."""
    lines = ["| state | event | next state | what is done |", "|---|---|---|---|"]
    for (state, event), (after, effects) in sorted(TABLE.items()):
        done = ", ".join(effect.value.replace("_", " ") for effect in effects)
        lines.append(f"| {state} | {event} | {after} | {done} |")
    return "\n".join(lines)


def state_diagram() -> str:
    """The transition table as a Mermaid diagram; events between the same states share an arrow."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for (state, event), (after, _) in sorted(TABLE.items()):
        if state is not after:
            arrows.setdefault((state, after), []).append(event.value)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {State.IDLE}"]
    lines += [f"    {a} --> {b}: {', '.join(names)}" for (a, b), names in arrows.items()]
    resting = ",".join(sorted(RESTING))
    lines += ["    classDef resting font-weight:bold", f"    class {resting} resting", "```"]
    return "\n".join(lines)


def settings_table() -> str:
    """Every setting with its default."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = f"`{field.default}`" if field.default not in ("", None) else "not set"
        lines.append(f"| `FRONTDESK_{name.upper()}` | {default} | {MEANING[name]} |")
    return "\n".join(lines)


def variables_table() -> str:
    """Every variable of a platform or vendor, and where it may stand."""
    lines = ["| variable | only in the environment | meaning |", "|---|---|---|"]
    for name, meaning in variables().items():
        only = "yes" if name.endswith(ENVIRONMENT_ONLY) else ""
        lines.append(f"| `{name}` | {only} | {meaning} |")
    return "\n".join(lines)


PAGES: Mapping[Path, Mapping[str, Callable[[], str]]] = {
    README: {
        "state table": state_table,
        "state diagram": state_diagram,
        "settings": settings_table,
        "variables": variables_table,
    },
    ARCHITECTURE: {"rooms": rooms.picture},
}


def generated(page: Path) -> str:
    """The text of a page with every part made anew.

    Raises:
        ValueError: a part has no place in it.
    """
    text = page.read_text()
    for name, make in PAGES[page].items():
        begins, ends = f"<!-- {name} begins -->", f"<!-- {name} ends -->"
        pattern = re.compile(f"{re.escape(begins)}.*?{re.escape(ends)}", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"{page.name} has no place for: {name}")
        part = f"{begins}\n{make()}\n{ends}"
        text = pattern.sub(lambda _, part=part: part, text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(generated(page))
