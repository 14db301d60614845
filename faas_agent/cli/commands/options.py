"""Options that several commands share, spelled as in the manual: the project is ``-p`` here and ``-pr`` there."""

from __future__ import annotations

from typing import Annotated

import typer

Project = Annotated[str | None, typer.Option("-p", "--project-name", help="Project name, else the one checked out")]
ProjectPr = Annotated[str | None, typer.Option("-pr", "--project-name", help="Project name, else the one checked out")]
Dataset = Annotated[str | None, typer.Option("-d", "--dataset-name", help="Dataset name, else the one checked out")]
Package = Annotated[str | None, typer.Option("-p", "--package-name", help="Package name, else the one checked out")]
OfPackage = Annotated[str | None, typer.Option("-pkg", "--package-name", help="Only of this package")]
Service = Annotated[str | None, typer.Option("-f", "--service-name", help="Service name, else the one checked out")]
Checkout = Annotated[bool, typer.Option("-c", "--checkout", help="Check it out in this folder too")]
AsJson = Annotated[bool, typer.Option("--json", help="A JSON array on stdout and nothing else")]
