"""``massgen-rl budget``: shows and changes budgets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from massgen_plugins.cli import budget_names
from massgen_plugins.cli.exits import SPENT
from massgen_plugins.cli.output import as_home, clean, emit_json, say, tell
from massgen_plugins.cli.places import current_places
from massgen_plugins.cli.pool_choice import agreed, opened
from massgen_plugins.cli.store_choice import StoreOption, chosen_store
from massgen_plugins.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from massgen_plugins.budget.viewing import BudgetRow

__all__ = ["app"]

app = typer.Typer(
    help="Show and change budgets: how much runs, agents, accounts, days and months may cost.",
    rich_markup_mode=None,
    invoke_without_command=True,
)

_FOLLOW = "Runs that are under way follow within a second."

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.callback()
def _default(context: typer.Context) -> None:
    """Show and change budgets: how much runs, agents, accounts, days and months may cost.

    Alone: as `show`.
    """
    if context.invoked_subcommand is None:
        show()


@app.command()
def show(
    as_json: Json = False,
    everything: Annotated[bool, typer.Option("--all", help="All runs, not only the latest three.")] = False,
    store: StoreOption = None,
) -> None:
    """Show what is spent of each budget, and what is left."""
    from massgen_plugins.cli import budget_view

    rows = _rows(store)
    if as_json:
        emit_json(budget_view.document(rows))
    else:
        budget_view.show(rows, time.time(), everything=everything)
        if stated := budget_view.each_run():
            tell(stated)


@app.command()
def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            help="Such as day or accounts.openai.month; default: all of them.",
            autocompletion=budget_names.complete,
        ),
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="RUN", help="Budgets of this run, as `show` names it.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Exit with 3 if a budget is spent, for scripts; else with 0."""
    from massgen_plugins.cli.budget_view import line

    rows = [row for row in _rows(store) if row.run == (run or "")]
    if run is not None and not rows:
        raise ConfigurationError(
            f"budget check: no run {clean(run[:80])!r} is known; `budget show` lists them."
        )
    for name in names or ():
        if name not in {row.name for row in rows}:
            raise _no_such("check", "budget", name, [row.name for row in rows])
    spent = [row for row in rows if row.is_spent and (not names or row.name in names)]
    for row in spent:
        tell(line(row, time.time()))
    if spent:
        raise typer.Exit(SPENT)


@app.command(name="set")
def set_(
    values: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUE",
            help="Such as day=10, agents.researcher=0.5, accounts.openai.month=50, at=warn, day=none.",
        ),
    ],
    yes: Yes = False,
) -> None:
    """Change budgets in your own settings."""
    from massgen_plugins.cli.assignments import read_assignments
    from massgen_plugins.profiles.edit_budget import allows_more, plan_budget, set_budget

    places = current_places()
    planned = plan_budget(read_assignments(values, "budget set", "day=10, or day=none"), places)
    if allows_more(planned.before, planned.after):
        _agree("set", "This allows more to be spent than now. Continue?", yes=yes)
    _done(", ".join(values), set_budget(planned, places))
    _tell_if_smaller_elsewhere(planned.after)


@app.command(name="raise")
def raise_(
    amounts: Annotated[
        list[str],
        typer.Argument(
            metavar="DOLLARS", help="Such as 5.00 for every budget that there is, or run=5 for one."
        ),
    ],
    span: Annotated[
        str, typer.Option("--for", metavar="SPAN", help="How long, such as 30m, 2h or 1d.")
    ] = "2h",
    yes: Yes = False,
) -> None:
    """Allow more for a while, whichever file a budget is in."""
    from massgen_plugins.cli.assignments import read_span
    from massgen_plugins.profiles.edit_budget import add_raise

    budgets = dict(_amount(word) for word in amounts)
    now = time.time()
    until = now + read_span(span)
    listed = ", ".join(f"{dollars:,.2f} US dollars for {name}" for name, dollars in budgets.items())
    moment = time.strftime("%H:%M on %d %B", time.localtime(until))
    _agree("raise", f"Until {moment}, allow {clean(listed)} more than the budget?", yes=yes)
    path = add_raise(budgets, until, current_places(), now)
    _done(f"Raised until {moment}: {listed}", path)


@app.command()
def reset(
    what: Annotated[
        str,
        typer.Argument(
            metavar="shared|RUN",
            help="shared: what all runs share (days, months, accounts); or a run, as `show` names it.",
            autocompletion=budget_names.complete_runs,
        ),
    ],
    yes: Yes = False,
    store: StoreOption = None,
) -> None:
    """Count from zero again, as if nothing had been spent."""
    from massgen_plugins.budget.terms import SHARED, run_domain
    from massgen_plugins.rate_limit.forgetting import begin_anew

    place = _place(store)
    runs = sorted({row.run for row in _rows(store) if row.run})
    if what != "shared" and what not in runs:
        raise _no_such("reset", "run", what, ["shared", *runs])
    name = "all days, months and accounts" if what == "shared" else f"the run {clean(what)}"
    _agree("reset", f"Reset {name} to zero, so that all of it can be spent again?", yes=yes)
    with opened(place) as to_change:
        begin_anew(to_change, SHARED if what == "shared" else run_domain(what))
    tell(f"Reset to zero: {name}.")


def _place(store: str | None) -> Path | str:
    place = chosen_store(store)
    if place is None:
        raise ConfigurationError(
            "The settings say store: memory, so only the running MassGen knows what is spent."
        )
    return place


def _rows(store: str | None) -> list[BudgetRow]:
    from massgen_plugins.cli.budget_view import rows_of

    return rows_of(_place(store), time.time(), say)


def _no_such(command: str, kind: str, name: str, known: list[str]) -> ConfigurationError:
    from massgen_plugins.profiles.document import suggestion

    hint = suggestion(name, known)
    sentence = f"budget {command}: there is no {kind} {clean(name[:80])!r}; {hint}"
    return ConfigurationError(sentence if hint.endswith("?") else f"{sentence}.")


def _amount(word: str) -> tuple[str, float]:
    name, equals, number = word.rpartition("=")
    try:
        dollars = float(number)
    except ValueError:
        dollars = -1.0
    if not 0 < dollars <= 1_000_000 or (equals and not name):
        raise ConfigurationError(
            f"budget raise: {clean(word[:40])!r} is not understood; write dollars, such as 5.00 or run=5."
        )
    return name or "all", dollars


def _agree(command: str, question: str, *, yes: bool) -> None:
    """Ask for confirmation before more can be spent."""
    if not yes and not agreed(question, f"budget {command}"):
        say("Nothing was changed.")
        raise typer.Exit


def _done(what: str, file: Path) -> None:
    tell(f"{clean(what)} ({as_home(str(file))}). {_FOLLOW}")


def _tell_if_smaller_elsewhere(wanted: object) -> None:
    """Tell the user if another layer has a smaller amount, which then applies."""
    from massgen_plugins.profiles.loading import read_settings

    places = current_places()
    held = read_settings(places).budget
    for key in ("run", "day", "month"):
        own, least = getattr(wanted, key), getattr(held, key, None)
        if own is not None and least is not None and least < own:
            say(
                f"massgen-rl: here {key} {least:g} still applies, since it is the smaller of the two "
                f"({places.project_file}); `massgen-rl budget raise {key}=DOLLARS` allows more for a while."
            )
