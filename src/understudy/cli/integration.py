"""Console script `understudy-integration`: the workspace's integration as a server of its own."""

from __future__ import annotations

import sys

import click

from understudy.errors import UnderstudyError, WorkspaceError


def main() -> None:
    """Open the workspace and hand over to its integration's server; it is configured by environment variables."""
    from understudy.workspace import open_workspace

    try:
        workspace = open_workspace()
        name = workspace.section("integration").get("module")
        if not name:
            raise WorkspaceError("the workspace has no integration", where=str(workspace.root / "understudy.toml"))
        server = workspace.module(f"{name}.server")
        sys.exit(server.main(sys.argv[1:]))
    except UnderstudyError as problem:
        click.echo(f"error: {problem}", err=True)
        sys.exit(problem.exit_code)
