"""The root command group: loads plugins on demand, and converts errors to messages and exit codes."""

from __future__ import annotations

from typing import Any, NoReturn

import typer

from massgen_plugins.cli.exits import BROKEN_PIPE, INTERRUPTED
from massgen_plugins.cli.output import say
from massgen_plugins.cli.plain_help import PlainGroup
from massgen_plugins.cli.quick import failed
from massgen_plugins.errors import MassgenPluginsError

__all__ = ["RootGroup"]


class RootGroup(PlainGroup):
    """The built-in commands, then those of plugins.

    Loading plugins takes a tenth of a second, so it is deferred until an unknown name or the full list is
    requested.
    """

    _plugins_loaded = False

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, for ``--help`` and shell completion."""
        self._load_plugins()
        return super().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        if cmd_name not in self.commands:
            self._load_plugins()
        return super().get_command(ctx, cmd_name)

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Parse the command line; handles ``--help`` and ``--version``."""
        try:
            return super().make_context(*arguments, **options)
        except BrokenPipeError:
            _exit(BROKEN_PIPE)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; expected errors become one sentence and an exit code."""
        words = [*ctx._protected_args, *ctx.args]  # noqa: SLF001 - the parser has taken them from nobody else
        try:
            return super().invoke(ctx)
        except MassgenPluginsError as error:
            _exit(failed(error, as_json="--json" in words))
        except BrokenPipeError:
            _exit(BROKEN_PIPE)  # the reader has closed the output
        except (KeyboardInterrupt, typer.Abort):
            say("\nmassgen-rl: interrupted.")
            _exit(INTERRUPTED)

    def _load_plugins(self) -> None:
        if self._plugins_loaded:
            return
        self._plugins_loaded = True
        from massgen_plugins.cli.plugin_commands import plugin_commands

        for name, command in plugin_commands().items():
            if name in self.commands:
                say(f"massgen-rl: a plugin's command '{name}' is ignored: there is already one of that name.")
            else:
                self.add_command(command, name)


def _exit(code: int) -> NoReturn:
    raise typer.Exit(code)
