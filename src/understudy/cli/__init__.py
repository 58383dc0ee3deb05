"""The command line: one module a command, loaded only when it is called, so that `--help` is fast.

Data goes to stdout, words to stderr. Exit codes: design section 7.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from understudy import __version__
from understudy.errors import EXIT_INTERRUPTED, EXIT_UNUSABLE, UnderstudyError, closest

COMMANDS = {
    "run": "Run scenarios and judge the business by its invariants.",
    "up": "Serve the simulators and the control plane.",
    "prove": "Run the defect catalogue: every defect must be caught, the sound integration must be silent.",
    "explain": "Tell a scenario in numbered plain sentences.",
    "map": "Render a mapping table, or check it against its contracts.",
    "seed": "Make a data set and print its hash.",
}

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


class _Lazy(click.Group):
    """A group that knows its commands' names and one-line helps without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"understudy.cli.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            hint = closest(args[0], COMMANDS)
            raise UnderstudyError(f"there is no command {args[0]!r}", allowed=", ".join(COMMANDS), hint=hint)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit codes: 0 clean, 1 findings, 2 unusable input, 3 unreachable, 4 nothing verified, 130 interrupted.",
)
@click.version_option(__version__, prog_name="understudy")
def cli() -> None:
    """Simulated ERP, WMS, storefront and CRM; scenarios from order to invoice; books that must balance.

    Start with `understudy run`: it plays every scenario of the workspace in this process.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code; refusals become words and a code, bugs keep their traceback."""
    # A command makes many objects and few cycles: collecting seldom saves it a tenth of its time.
    gc.set_threshold(100_000, 20, 50)
    sys.exit(run(arguments))


def _from_here(text: str) -> str:
    """The text with paths below this folder as they would be typed."""
    return text.replace(f"{Path.cwd()}{os.sep}", "")


def run(arguments: Sequence[str] | None = None) -> int:
    """Like `main`, but returns the exit code."""
    try:
        code = cli.main(
            args=list(arguments) if arguments is not None else None, prog_name="understudy", standalone_mode=False
        )
        return code if isinstance(code, int) else 0
    except UnderstudyError as problem:
        click.echo(f"error: {_from_here(str(problem))}", err=True)
        return problem.exit_code
    except click.UsageError as problem:
        problem.show()
        return EXIT_UNUSABLE
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except click.ClickException as problem:
        problem.show()
        return EXIT_UNUSABLE
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except OSError as problem:
        if problem.errno not in _NO_ROOM:
            raise
        # What is left in the buffer cannot be written either: without this, Python says so again when it ends.
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        click.echo(f"error: the output cannot be written: {problem.strerror}", err=True)
        return EXIT_UNUSABLE
