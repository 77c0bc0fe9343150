"""Explains a refusal: message, limits in force, reaction, meaning, advice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from massgen_plugins.cli.screen import Line, Screen, Span, wrapped
from massgen_plugins.cli.why_story import Story
from massgen_plugins.cli.wording import at, clock
from massgen_plugins.quota import ACCOUNT_POOL

__all__ = ["lines_of", "meaning", "to_do", "would_do"]

_LABEL = 11
_NARROW = 50

_MEANS = {
    "window": "A limit of seconds, minutes or hours was full at the provider. Waiting is the cure.",
    "until": "A day, a month or a budget is used up at the provider. Until it resets every call is refused.",
    "call": "This one call can never pass, however long it waits. Other calls are not affected.",
    "permanent": "Waiting does not help: no access, no credit, or no such model.",
    "overload": "The provider is busy, for everybody. It is not a limit of yours.",
    "turned away": "The call was not sent: no permitted wait would have helped, or a budget ruled it out.",
}
_WOULD = {
    "window": "adopts the limit if it is lower, sends nothing for that long, and sends the call again",
    "until": "sends nothing until then; turns end at once with the moment of the reset, or wait with "
    "wait_for_day: true",
    "call": "hands it to MassGen once, so that it is not sent again and again",
    "permanent": "refuses calls of this model for a minute: a key costs one refusal, not one for each agent",
    "overload": "waits, twice as long each time, goes on at half the pace, and sends the call again",
}
_AMOUNT = re.compile(r"([\d,]+) (.+)")


def lines_of(story: Story, screen: Screen, now: float) -> Iterator[Line]:
    """The complete explanation."""
    yield from wrapped(_head(story), screen.width, 0, "bold")
    rows = (
        ("it said", _said(story, now)),
        ("we had" if story.time is not None else "we have", _limits_in_force(story)),
        ("we did", "; ".join(story.did)),
        ("we do", would_do(story) if story.time is None else ""),
        ("it means", meaning(story)),
        ("to do", to_do(story)),
        ("assumed", story.doubts),
    )
    for label, words in rows:
        if words:
            yield from _row(label, words, screen)


def _row(label: str, words: str, screen: Screen) -> Iterator[Line]:
    if screen.width < _NARROW:
        yield (Span(f"  {label}", "cyan"),)
        yield from wrapped(words, screen.width, 4)
        return
    room = _LABEL + 2
    for number, line in enumerate(wrapped(words, screen.width, room)):
        first = (Span(f"  {label:<{_LABEL}}", "cyan"), Span(line[0].words[room:]))
        yield line if number else first


def _head(story: Story) -> str:
    model = "all models" if story.model == ACCOUNT_POOL else story.model or "a model"
    where = f"{model} ({story.provider}{f'/{story.account}' if story.account else ''})"
    if story.time is None:
        return f"A refusal of {where}"
    moment = datetime.fromtimestamp(story.time).astimezone()
    stamp = f"{moment:%Y-%m-%d %H:%M:%S}"
    whose = f"a call of {story.agent}" if story.agent else "a call"
    if story.kind == "turned away":
        return f"{stamp}  we turned away {whose} to {where}"
    return f"{stamp}  the provider refused {whose} to {where}"


def _said(story: Story, now: float) -> str:
    parts = [f'"{story.said}"'] if story.said else []
    if story.limits:
        parts.append(f"limit: {', '.join(story.limits)}")
    if story.retry_after is not None:
        parts.append(f"retry in {clock(story.retry_after)}")
    if story.until is not None:
        local = f"{datetime.fromtimestamp(story.until).astimezone():%d %B %H:%M %Z}"
        parts.append(f"until {at(now, story.until - now)}" if story.until > now else f"until {local}")
    return "; ".join(parts) or "nothing but its status"


def _limits_in_force(story: Story) -> str:
    if not story.held:
        return "" if story.time is None else "no stated limit: learned limits apply"
    return f"{', '.join(story.held)}{f' ({story.profile})' if story.profile else ''}"


def would_do(story: Story) -> str:
    """How the limiter reacts to such a refusal."""
    return _WOULD.get(story.kind, "passes it on to MassGen unchanged")


def meaning(story: Story) -> str:
    """What the refusal means."""
    lower = _lower(story.limits, story.held)
    words = _MEANS.get(story.kind, "It does not refuse because of a quota.")
    if lower:
        stated, held = lower
        return (
            f"{words} It allows {stated}, but we assumed {held}: this project's tier is lower than the "
            "profile's, or the limit is not the documented one."
        )
    if story.kind == "window" and story.held and story.limits:
        return f"{words} We counted fewer calls than that: someone else uses the same key or account."
    return words


def to_do(story: Story) -> str:
    """What the user can do."""
    if story.advice:
        return story.advice
    if story.kind == "window":
        if _lower(story.limits, story.held):
            return (
                "Nothing for now: the lower limit holds from here on. The profile of each tier: `massgen-rl "
                f"profiles --provider {story.provider}`. Give all keys of a project one `account:`."
            )
        return "Nothing. If it comes often: one `account:` for all who use the key, or a lower limit."
    return {
        "until": "Use another model or key, a higher tier, or `wait_for_day: true` under rate_limit:.",
        "overload": "Nothing. If it comes often: another model, or fewer agents at a time.",
        "turned away": (
            "Its message says what to do. `massgen-rl status` shows when the next call may leave, "
            "`massgen-rl budget` what is left of each budget."
        ),
    }.get(story.kind, "Fix what it says; waiting does not help.")


def _lower(stated: Sequence[str], held: Sequence[str]) -> tuple[str, str] | None:
    """A stated limit that is lower than one in force, and the latter."""
    believed = {found[2]: (_whole(found[1]), each) for each in held if (found := _AMOUNT.fullmatch(each))}
    for each in stated:
        found = _AMOUNT.fullmatch(each)
        if found and found[2] in believed and _whole(found[1]) < believed[found[2]][0]:
            return each, believed[found[2]][1]
    return None


def _whole(digits: str) -> int:
    return int(digits.replace(",", "") or 0)
