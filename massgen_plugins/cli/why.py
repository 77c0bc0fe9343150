"""``massgen-rl why``: explains a past refusal, or one from a file."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from massgen_plugins.calls.refusals import read_refusals, refusals_file
from massgen_plugins.cli.history import open_record
from massgen_plugins.cli.output import emit_json, say
from massgen_plugins.cli.screen import Line, Screen, screen_of, wrapped
from massgen_plugins.cli.settings_now import SettingsNow
from massgen_plugins.cli.why_story import Story, story_of
from massgen_plugins.cli.why_words import lines_of, meaning, to_do, would_do
from massgen_plugins.errors import ConfigurationError

if TYPE_CHECKING:
    from massgen_plugins.cli.why_body import Reading

__all__ = ["answer", "last_lines"]

LAST = "last"
_STDIN = "-"
_NONE = "No refusal by a provider is known here."


def answer(
    what: str = LAST,
    *,
    provider: str | None = None,
    model: str | None = None,
    status: int | None = None,
    as_json: bool = False,
) -> int:
    """Explain a refusal; returns the exit code.

    Args:
        what: ``last``, an agent's name, a file, or ``-`` for standard input.
        provider: Provider of a refusal in a file; None to detect it.
        model: Its model.
        status: Its HTTP status; None to detect it.
        as_json: Print a JSON document.
    """
    if what == _STDIN or (what != LAST and Path(what).is_file()):
        story = _pasted(what, provider, model, status)
    else:
        story = _past_story(what)
    if story is None:
        say(_NONE if what == LAST else _unread())
    if as_json:
        emit_json({"refusal": _document(story) if story else None})
    elif story is not None:
        screen = screen_of()
        sys.stdout.write(screen.text(lines_of(story, screen, time.time())))
    return 0


def last_lines(screen: Screen) -> list[Line]:
    """The last refusal, as `watch` shows it."""
    story = _past_story(LAST)
    if story is None:
        return list(wrapped(_NONE, screen.width, 0, "dim"))
    return list(lines_of(story, screen, time.time()))


def _unread() -> str:
    return (
        "No provider plugin knows this refusal; it would be passed on to MassGen unchanged. If "
        "you know its HTTP status, add --status CODE."
    )


def _past_story(what: str) -> Story | None:
    entries = read_refusals(refusals_file())
    record = None
    with suppress(ConfigurationError):
        record = open_record(SettingsNow())[1]
    story = story_of(entries, record, None if what == LAST else what)
    if story is not None or what == LAST:
        return story
    from massgen_plugins.profiles.document import shown, suggestion

    known = {str(each["agent"]) for each in entries if each.get("agent")}
    hint = f"; {suggestion(what, known)}" if known else ""
    end = "" if hint.endswith("?") else "."
    raise ConfigurationError(
        f"why: {shown(what)} is neither a file nor an agent with a known refusal{hint}{end}"
    )


def _pasted(what: str, provider: str | None, model: str | None, status: int | None) -> Story | None:
    from massgen_plugins.cli.why_body import MOST_BYTES, parse, read_by, says_more
    from massgen_plugins.manager import build_manager

    known = build_manager(lambda sentence: say(f"massgen-rl: {sentence}")).providers()
    chosen = [each for each in known if provider in (None, each.name)]
    if not chosen:
        from massgen_plugins.profiles.document import shown, suggestion

        names = {each.name for each in known}
        raise ConfigurationError(
            f"--provider: there is no provider {shown(provider)}; {suggestion(str(provider), names)}"
        )
    pasted = parse(_input(what, MOST_BYTES), status)
    readings = read_by(pasted, chosen, model or "")
    if pasted.assumed:
        readings = [each for each in readings if says_more(each, chosen, model or "")]
    if not readings:
        return None
    doubts = [f"that its status was {pasted.status} (--status CODE)"] if pasted.assumed else []
    if provider is None:
        doubts.append(f"that {readings[0].provider} wrote it (--provider NAME)")
    return replace(_story(readings[0], model), doubts=", ".join(doubts))


def _input(what: str, most: int) -> bytes:
    try:
        if what == _STDIN:
            return sys.stdin.buffer.read(most + 1)
        with Path(what).open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise ConfigurationError(f"why: the file cannot be read ({error.strerror}); give another.") from error


def _story(reading: Reading, model: str | None) -> Story:
    from massgen_plugins.quota import Domain, Limit, Pool

    refusal = reading.refusal
    held: list[str] = []
    profile = ""
    pool = refusal.pool or model or ""
    if pool:
        settings = SettingsNow()
        with suppress(ConfigurationError):
            rules = settings.rules(Pool(Domain(reading.provider, ""), pool))
            held, profile = [str(limit) for limit in rules.limits], rules.profile
        settings.keep()
    stated = [str(Limit(each.kind, each.amount, each.window)) for each in refusal.limits if each.amount]
    return Story(
        provider=reading.provider,
        model=pool,
        kind=str(refusal.kind),
        said=refusal.quote,
        limits=stated,
        retry_after=refusal.retry_after,
        until=refusal.until,
        advice=refusal.advice,
        held=held,
        profile=profile,
    )


def _document(story: Story) -> dict[str, Any]:
    """The JSON document. Keys are stable: later versions only add keys."""
    return {
        **asdict(story),
        "means": meaning(story),
        "to_do": to_do(story),
        "we_do": would_do(story),
    }
