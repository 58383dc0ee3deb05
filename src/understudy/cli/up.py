"""`understudy up`: serve the simulators and the control plane."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import click

from understudy.errors import EXIT_CLEAN, UnusableInput


@click.command(name="up", short_help="Serve the simulators and the control plane.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8700, show_default=True, help="0 takes a free port.")
@click.option("--seed", type=int, help="Seed of runs that name none; default is the workspace's.")
@click.option("--policy", "policies", multiple=True, metavar="SWITCH=VALUE", help="Set a policy switch for every run.")
@click.option("--defect", default="", metavar="NAME", help="Switch on a defect of the embedded integration.")
@click.option("--env-file", type=click.Path(path_type=Path), help="Also write the integration's settings to this file.")
@click.option("--integration-url", default="http://127.0.0.1:8710", show_default=True, help="For the printed settings.")
@click.option("--access-log", is_flag=True, help="Log every request to stderr.")
@click.option("--workspace", type=click.Path(path_type=Path), help="Workspace to open; default: around this folder.")
def command(
    host: str,
    port: int,
    seed: int | None,
    policies: tuple[str, ...],
    defect: str,
    env_file: Path | None,
    integration_url: str,
    access_log: bool,
    workspace: Path | None,
) -> int:
    """Serve every simulator and the control plane until Ctrl-C; prints addresses and settings.

    Each run that a scenario starts gets a world of its own with the embedded integration. When an integration in
    another process subscribes to the default world, runs use that one instead: start it with the printed settings.
    """
    from dataclasses import replace

    from understudy.cli.run import _switches
    from understudy.simulate.host import CONTROL_BASE
    from understudy.simulate.serve import Application, address_of, bind, serve
    from understudy.workspace import open_workspace

    if not re.match(r"https?://[^/]+", integration_url):
        raise UnusableInput(
            f"{integration_url!r} is no address", where="--integration-url", allowed="such as http://127.0.0.1:8710"
        )
    opened = open_workspace(workspace)
    switches = _switches(opened, policies)
    listener = bind(host, port)
    address = address_of(listener)
    # Over sockets numbers differ from run to run, also after a restart, or an integration that remembers earlier runs
    # would take new messages for repeated ones: the ordinal of the first run is the time.
    setup = opened.setup(origin=address, run_base=int(time.time()) - 1_767_225_600, defect=defect)
    complete = setup.policy
    setup = replace(
        setup,
        seed=setup.seed if seed is None else seed,
        policy=lambda chosen: complete({**switches, **chosen}),
    )
    application = Application(setup)
    environ = application.host.external_environ(integration_url)
    if env_file is not None:
        _write_env(env_file, environ)

    def ready() -> None:
        _announce(address, CONTROL_BASE, setup, environ, env_file)

    serve(application, listener, ready, access_log=access_log)
    click.echo("stopped", err=True)
    return EXIT_CLEAN


def _announce(address: str, control: str, setup: Any, environ: dict[str, str], env_file: Path | None) -> None:
    width = max(len(name) for name in (*setup.systems, "control")) + 2
    click.echo(f"understudy is up at {address}")
    for name, system in setup.systems.items():
        click.echo(f"  {name:<{width}}{address}{system.base}")
    click.echo(f"  {'control':<{width}}{address}{control}")
    click.echo("")
    click.echo("settings for an integration in another process (it joins by subscribing):")
    if env_file is not None:
        place = (
            env_file if env_file.is_absolute() else f"./{env_file}"
        )  # a bare name is looked up in PATH by some shells
        click.echo(f"  written to {env_file}; run `set -a; . {place}; set +a; understudy-integration`")
    else:
        for name, value in environ.items():
            click.echo(f"  {name}={value}")
    click.echo("")
    click.echo(f"run the scenarios with: understudy run --against {address}")


def _write_env(path: Path, environ: dict[str, str]) -> None:
    import shlex

    text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in environ.items())
    try:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
    except OSError as problem:
        raise UnusableInput(f"cannot be written: {problem.strerror}", where=f"--env-file {path}") from None
