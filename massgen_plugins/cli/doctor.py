"""``massgen-rl doctor``: checks the installation and explains how to fix it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from massgen_plugins.cli.exits import CHECK_FAILED
from massgen_plugins.cli.output import console, emit_json, plain_table, text

if TYPE_CHECKING:
    from massgen_plugins.cli.checks.finding import Finding

__all__ = ["register"]

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
    deep: Annotated[
        bool,
        typer.Option(
            "--deep/--quick",
            help="Also import MassGen and ask CLI agents' programs for their versions, about ten seconds.",
        ),
    ] = True,
) -> None:
    """Check that everything works, and say how to fix it.

    Looks at versions, activation, the places in MassGen that are wrapped, MassGen's start, CLI agents'
    programs, plugins, settings, store, traffic and environment.
    Exit code 1 if a check fails.

    Example: massgen-rl doctor --quick
    """
    sections = list(_sections(deep=deep, quiet=as_json))
    marks = [finding.mark.value for _, findings in sections for finding in findings]
    if as_json:
        listed = {name: [finding.as_json() for finding in findings] for name, findings in sections}
        emit_json({"ok": "fail" not in marks, "sections": listed})
    else:
        for name, findings in sections:
            _show(name, findings)
        console().print(text(f"{marks.count('fail')} failed, {marks.count('warn')} to look at.", "bold"))
    if "fail" in marks:
        raise typer.Exit(CHECK_FAILED)


def _sections(*, deep: bool, quiet: bool) -> Iterator[tuple[str, list[Finding]]]:
    from massgen_plugins.cli.checks import (
        activation,
        environment,
        plugins,
        programs,
        seams,
        settings,
        store,
        traffic,
        versions,
    )

    yield from _run("versions", versions.check_versions)
    yield from _run("activation", activation.check_activation)
    yield from _run("seams", seams.check_seams)
    if deep:
        yield from _run("attachment", lambda: [_attachment(quiet=quiet)])
        yield from _run("programs", programs.check_programs)
    yield from _run("plugins", plugins.check_plugins)
    yield from _run("settings", settings.check_settings)
    yield from _run("store", store.check_store)
    yield from _run("traffic", traffic.check_traffic)
    yield from _run("environment", environment.check_environment)


def _attachment(*, quiet: bool) -> Finding:
    from rich.console import Console

    from massgen_plugins.cli.checks import seams

    with Console(stderr=True, quiet=quiet).status("starting MassGen, about ten seconds ..."):
        return seams.check_attachment()


def _run(name: str, check: Callable[[], Iterable[Finding]]) -> Iterator[tuple[str, list[Finding]]]:
    """Run a section; an exception in a check becomes a finding."""
    from massgen_plugins.cli.checks.finding import fail

    findings: list[Finding] = []
    try:
        findings.extend(check())
    except Exception as error:  # an unexpected error must not stop the other checks
        findings.append(fail(name, f"the check itself failed: {error!r}", "report this to massgen-plugins"))
    yield name, findings


def _show(name: str, findings: Iterable[Finding]) -> None:
    page = console()
    page.print(text(name.capitalize(), "bold"))
    table = plain_table("", "", "")
    table.show_header = False
    table.columns[1].no_wrap = False
    for finding in findings:
        words = text(finding.found)
        if finding.cure:
            words += text(f"\n-> {finding.cure}", "dim" if finding.mark == "ok" else "")
        table.add_row(text(f"  {finding.mark:<4}", _COLOURS[finding.mark]), text(finding.check), words)
    page.print(table)
    page.print()
