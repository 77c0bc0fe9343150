"""What a wait looks like in each of MassGen's displays; the doubles have what the real classes have."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from massgen_plugins.host.displays import KINDS, display_of, textual
from massgen_plugins.host.displays.automation import AutomationDisplay
from massgen_plugins.host.displays.base import ShownWait
from massgen_plugins.host.displays.rich import RichDisplay
from massgen_plugins.host.displays.textual import TextualDisplay
from massgen_plugins.host.displays.web import WebDisplay
from massgen_plugins.host.displays.wording import (
    begin_line,
    clock,
    end_line,
    footer,
    ordinal,
    token,
    what_for,
)
from massgen_plugins.host.stage import Stage
from massgen_plugins.live.presence import WaitingCall

NOW = 1_000.0
STAGE = Stage(lambda: None, None, None, None)


def call(
    number=4, left=61.0, *, place=1, limit="4 requests per minute", reason="limit", model="gemini-2.5-flash"
):
    name = f"agent_{number}"
    return WaitingCall(
        number, "run1", name, model, "gemini", "mine", "", NOW, NOW + left, place, limit, reason
    )


def shown(*arguments, name=None, **more):
    made = call(*arguments, **more)
    return ShownWait(made.agent, made.agent if name is None else name, made)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0:01"), (23, "0:23"), (61, "1:01"), (3_600, "1:00:00"), (-3, "0:00")]
)
def test_a_clock(seconds, text):
    assert clock(seconds) == text


def test_ordinals():
    assert [ordinal(each) for each in (1, 2, 3, 4, 11, 12, 13, 21, 112)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "reason", "text", "word"),
    [
        ("4 requests per minute", "limit", "4 requests/min", "4/min"),
        ("240,000 input tokens per minute", "limit", "240,000 input tokens/min", "240000-input-tokens/min"),
        ("2 requests per 15 seconds", "limit", "2 requests/15 s", "2/15-s"),
        ("3 at a time", "limit", "3 at a time", "3-at-a-time"),
        ("245 requests per day", "until", "245 requests/day", "245/day"),
        ("", "pause", "pause after a refusal", "pause"),
        ("", "startup", "one call tries the quota", "startup"),
        ("", "", "its turn", "turn"),
    ],
)
def test_what_is_waited_for(limit, reason, text, word):
    assert (what_for(call(limit=limit, reason=reason)), token(call(limit=limit, reason=reason))) == (
        text,
        word,
    )


def test_the_number_comes_first():
    assert begin_line(call(place=3), 61) == "⏳ 1:01, 3rd in line · 4 requests/min"
    assert begin_line(call(), 61) == "⏳ 1:01 · 4 requests/min"
    assert end_line(60.4) == "▶ goes on after 1:01"


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (116, "⏳ quota: 2 wait · next 0:23 (agent_4) · 4 requests/min · gemini-2.5-flash"),
        (76, "⏳ quota: 2 wait · next 0:23 (agent_4) · 4 requests/min · gemini-2.5-flash"),
        (36, "⏳ quota: 2 wait · next 0:23"),
        (10, "⏳ 0:23"),
    ],
)
def test_the_footer_fits_its_line(width, line):
    assert footer([shown(left=23), shown(5, left=30)], NOW, width) == line
    assert footer([shown(left=23, name="")], NOW, 36) == "⏳ quota: 1 waits · next 0:23"


def test_a_pause_has_no_number():
    paused = shown(reason="paused", limit="")
    assert begin_line(paused.call, 5) == "⏳ paused; massgen-rl resume ends it"
    assert footer([paused, paused], NOW, 76) == "⏳ quota: 2 wait · paused; massgen-rl resume ends it"
    assert footer([paused, paused], NOW, 36) == "⏳ quota: 2 wait"


def test_lines_for_programs(capsys):
    display = AutomationDisplay(None, STAGE)
    display.begin(shown(place=3), NOW)
    display.tick([shown()], NOW)
    display.end(shown(), 60.6, NOW + 61)
    display.end(shown(), None, NOW + 12)
    display.end(shown(name=""), 5.0, NOW)
    assert capsys.readouterr().out == (
        "WAIT: agent_4 61s 4/min 3rd\nWAITED: agent_4 61s\nWAITED: agent_4 12s not-sent\nWAITED: - 5s\n"
    )


def test_lines_for_programs_can_be_read_from_the_right(capsys):
    AutomationDisplay(None, STAGE).begin(shown(name="the old one"), NOW)
    found = re.fullmatch(r"WAIT: (.+) (\d+)s (\S+) (\d+)(?:st|nd|rd|th)\n", capsys.readouterr().out)
    assert found.groups() == ("the old one", "61", "4/min", "1")


class RichHost:
    """As much of RichTerminalDisplay as is used."""

    def __init__(self, message=None, width=80):
        self._system_status_message = message
        self.console = SimpleNamespace(size=SimpleNamespace(width=width))
        self.agent_status = {"agent_4": "working"}
        self.lines = []

    def update_system_status(self, message):
        self._system_status_message = message

    def update_agent_status(self, agent_id, status):
        self.agent_status[agent_id] = status

    def update_agent_content(self, agent_id, text, kind):
        self.lines.append(text)


def test_rich_counts_down_in_the_footer_and_puts_back_what_was_there():
    host = RichHost("Agents working on task...")
    display = RichDisplay(host, STAGE)
    display.begin(shown(left=23), NOW)
    assert host.agent_status == {"agent_4": "waiting"}
    display.tick([shown(left=23)], NOW)
    assert host._system_status_message == (
        "⏳ quota: 1 waits · next 0:23 (agent_4) · 4 requests/min · gemini-2.5-flash"
    )
    display.tick([shown(left=23)], NOW + 1)
    assert "next 0:22" in host._system_status_message
    display.end(shown(left=23), 23.0, NOW + 23)
    display.tick([], NOW + 23)
    assert host._system_status_message == "Agents working on task..."
    assert host.agent_status == {"agent_4": "working"}


def test_rich_takes_its_line_away():
    host = RichHost()
    display = RichDisplay(host, STAGE)
    display.tick([shown()], NOW)
    display.tick([], NOW)
    assert host._system_status_message is None


def test_rich_leaves_a_cancellation_where_it_is():
    host = RichHost()
    display = RichDisplay(host, STAGE)
    display.tick([shown()], NOW)
    host.update_system_status("⏸️ Cancelling turn...")
    display.tick([shown()], NOW + 1)
    assert host._system_status_message == "⏸️ Cancelling turn..."


def test_rich_draws_an_agent_as_waiting_that_massgen_calls_working():
    host = RichHost()
    RichDisplay(host, STAGE).tick([shown()], NOW)
    assert host.agent_status == {"agent_4": "waiting"}


def test_the_web_page_counts_down_and_keeps_no_countdown_for_pages_that_come_later():
    said, kept = [], []

    def emit(_, event):
        said.append((event["agent_id"], *event["data"].values()))
        kept.append(said[-1])

    host = SimpleNamespace(
        update_agent_status=lambda *status: said.append(status), _emit=emit, _event_history=kept
    )
    display = WebDisplay(host, STAGE)
    display.begin(shown(left=3), NOW)
    for second in range(3):
        display.tick([shown(left=3)], NOW + second)
    display.end(shown(left=3), 3.0, NOW + 3)
    display.tick([], NOW + 3)
    line = "⏳ quota: 1 waits · next {} (agent_4) · 4 requests/min · gemini-2.5-flash"
    assert said == [
        ("agent_4", "waiting"),
        ("agent_4", "⏳ 0:03 · 4 requests/min"),
        (None, line.format("0:03")),
        (None, line.format("0:02")),
        (None, line.format("0:01")),
        ("agent_4", "working"),
        ("agent_4", "▶ goes on after 0:03"),
        (None, "coordinating"),
    ]
    assert kept == [
        each
        for each in said
        if len(each) == 2 and "next" not in each[1] and each[1] not in {"waiting", "working"}
    ]


@pytest.fixture
def ribbon(massgen, monkeypatch):
    """A host with MassGen's ribbon, and what its label of time says."""
    from massgen.frontend.displays.textual_widgets.agent_status_ribbon import AgentStatusRibbon

    monkeypatch.setattr(textual, "_until", {})
    monkeypatch.setattr("time.time", lambda: NOW)
    label = SimpleNamespace(content="")
    label.update = lambda text: setattr(label, "content", text)
    label.remove_class = lambda *_: None
    fake = SimpleNamespace(
        current_agent="agent_4",
        query_one=lambda *_: label,
        _round_start_times={"agent_4": NOW - 45},
        _frozen_round_elapsed={},
        _timeout_state={},
        _fmt_time=AgentStatusRibbon._fmt_time,
    )
    return SimpleNamespace(label=label, draw=lambda: AgentStatusRibbon._update_timeout_display(fake))


def test_textual_draws_a_circle_and_a_countdown(ribbon):
    drawn = []
    tab = SimpleNamespace(_status="idle")
    app = SimpleNamespace(_tab_bar=SimpleNamespace(_tabs={"agent_4": tab}))
    host = SimpleNamespace(_call_app_method=lambda *call: drawn.append(call), _app=app)
    display = TextualDisplay(host, STAGE)
    display.begin(shown(left=23), NOW)
    display.tick([shown(left=23)], NOW)
    ribbon.draw()
    assert ribbon.label.content == "⏱ 0:45 · ⏳ 0:23"
    tab._status = "streaming"  # MassGen says so with each chunk
    display.tick([shown(left=23)], NOW + 1)
    display.end(shown(left=23), 23.0, NOW + 23)
    ribbon.draw()
    assert ribbon.label.content == "⏱ 0:45"
    assert drawn == [
        ("update_agent_status", "agent_4", "idle"),
        ("update_agent_status", "agent_4", "idle"),
        ("update_agent_status", "agent_4", "streaming"),
    ]


def test_every_display_of_massgen_is_known(massgen):
    from massgen.frontend.displays import (
        none_display,
        rich_terminal_display,
        silent_display,
        simple_display,
        textual_terminal_display,
        web_display,
    )

    modules = (
        rich_terminal_display, silent_display, simple_display, textual_terminal_display, web_display,
    )  # fmt: skip
    classes = {name: getattr(module, name) for module in modules for name in KINDS if hasattr(module, name)}
    assert set(classes) == set(KINDS)
    for name, host in classes.items():
        assert isinstance(display_of(object.__new__(host), STAGE), KINDS[name])
    assert display_of(object.__new__(none_display.NoneDisplay), STAGE) is None


def test_what_is_used_of_massgens_displays_is_there(massgen):
    from massgen.frontend.displays import rich_terminal_display, textual_terminal_display
    from massgen.frontend.displays.textual_widgets import tab_bar

    for name in ("update_system_status", "update_agent_status", "update_agent_content"):
        assert hasattr(rich_terminal_display.RichTerminalDisplay, name)
    assert hasattr(textual_terminal_display.TextualTerminalDisplay, "_call_app_method")
    assert "_tabs" in vars(tab_bar.AgentTabBar([]))
    assert tab_bar.AgentTab("agent_4", "agent_4", 1)._status == "waiting"
    icons, states = tab_bar.AgentTab.STATUS_ICONS, tab_bar.AgentTab.STATUS_MAP
    assert icons[states["streaming"]] == "◉"
    assert icons[states.get("idle", "waiting")] == "○"
