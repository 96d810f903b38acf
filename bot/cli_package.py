"""`frontdesk teams-package`: the file that is uploaded to Teams."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli_common import configured, tells_errors

FILE = click.Path(path_type=Path)


@click.command("teams-package")
@click.option(
    "--into",
    type=FILE,
    default=Path("frontdesk-teams.zip"),
    show_default=True,
    help="The file to write, or a folder for it.",
)
@click.option(
    "--manifest",
    type=FILE,
    help="Your own manifest, with its icons beside it, instead of adapters/teams/manifest.json.",
)
@click.option("--developer", default="", help="Who offers the assistant: your company's name.")
@click.option("--website", default="", help="Address of your page about the assistant (https).")
@click.option("--privacy", default="", help="Address of your privacy statement.")
@click.option("--terms", default="", help="Address of your terms of use.")
@click.option(
    "--app-version",
    default="",
    help="Like 1.2.0; Teams takes a package as an update only if this is another one.",
)
@tells_errors
def teams_package(
    into: Path,
    manifest: Path | None,
    developer: str,
    website: str,
    privacy: str,
    terms: str,
    app_version: str,
) -> None:
    """Write the app's package for Teams, with the id from TEAMS_APP_ID.

    Everything in it is checked as Teams checks it at the upload. The same input gives the same
    file, byte for byte.
    """
    # Imported here, like every platform: the other commands do not wait for it.
    from adapters.teams.packaging import MANIFEST, Publisher, package

    publisher = Publisher(developer, website, privacy, terms, app_version)
    made = package(configured().environ, into, manifest=manifest or MANIFEST, publisher=publisher)
    click.echo(f"{made.path}: written")
    for line in made.advice:
        click.echo(f"- {line}")
