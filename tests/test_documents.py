"""The documents say what the code does."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from agent.providers import vendors
from bot.cli import main
from bot.settings import Settings, of_platforms, variables
from tests.support.generated import MEANING, PAGES, README, generated

ROOT = README.parent


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_generated_parts_are_up_to_date(page: Path) -> None:
    """The state table, the settings, the picture of the rooms equal the code (`make docs`)."""
    assert generated(page) == page.read_text()


def test_every_setting_is_explained() -> None:
    """No setting without a meaning, no meaning without a setting."""
    assert set(MEANING) == set(Settings.model_fields)


def test_every_variable_of_a_platform_or_vendor_is_explained() -> None:
    """No variable is read without a meaning, none has a meaning that is not read."""
    assert variables_read() == set(variables())


def variables_read() -> set[str]:
    """The names of variables that stand in the adapters' and the providers' code."""
    modules = (*ROOT.glob("adapters/*/*.py"), *ROOT.glob("agent/providers/*.py"))
    strings = (
        node.value
        for module in modules
        for statement in ast.parse(module.read_text()).body
        if not _says_meanings(statement)  # there they are told, not read
        for node in ast.walk(statement)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    named = (one for one in strings if re.fullmatch(r"[A-Z][A-Z0-9_]*[A-Z0-9]", one))
    beginnings = (*of_platforms(), *(f"{name.upper()}_" for name in vendors()))
    return {one for one in named if one.startswith(beginnings)}


def _says_meanings(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == "VARIABLES"


def test_every_command_is_in_the_readme() -> None:
    """Whoever reads the README knows every command there is."""
    text = README.read_text()
    for name in main.commands:
        assert f"`frontdesk {name}" in text, name


def test_every_command_has_a_help() -> None:
    """`--help` works everywhere and says more than the usage."""
    for name in main.commands:
        result = CliRunner().invoke(main, [name, "--help"])
        assert result.exit_code == 0
        assert len(result.output.split()) > 10


def test_links_lead_somewhere() -> None:
    """Every relative link of the documents names a file, and every link to a test a test in it."""
    for page in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)\s]+)\)", page.read_text()):
            path, _, anchor = target.partition("#")
            linked = (page.parent / path).resolve()
            assert linked.exists(), f"{page.name}: {target}"
            if anchor.startswith("test_"):
                assert f"def {anchor}(" in linked.read_text(), f"{page.name}: {target}"


def test_make_targets_in_the_readme_exist() -> None:
    """Every `make …` that is recommended is a target."""
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"(?m)(?:`|^)make ([a-z]+)", README.read_text())):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_tree_in_contributing_exists() -> None:
    """Every folder that CONTRIBUTING names is there."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for folder in re.findall(r"^\| `([a-z/_]+)/?` \|", text, re.MULTILINE):
        assert (Path(ROOT) / folder).exists(), folder
