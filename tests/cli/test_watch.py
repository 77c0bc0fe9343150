"""``massgen-rl watch`` and ``line``: what is waited for, as it changes."""

from __future__ import annotations

import contextlib
import json
import math
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from massgen_plugins.budget.prices import Prices
from massgen_plugins.calls.record import Recorder
from massgen_plugins.cli.looking import look
from massgen_plugins.cli.screen import Screen
from massgen_plugins.cli.watch import Watch
from massgen_plugins.cli.watch_keys import pressed
from massgen_plugins.cli.watch_lines import Changes
from massgen_plugins.cli.watch_view import Totals, watch_lines
from massgen_plugins.live.plans import PlanNote, write_plans
from massgen_plugins.live.presence import Counters
from massgen_plugins.middleware import Refusal, RefusalKind
from massgen_plugins.profiles import load_settings
from massgen_plugins.profiles.steering import read_steering
from massgen_plugins.quota import MINUTE, Kind, Limit
from massgen_plugins.rate_limit.viewing import StoreView
from tests.calls.settled import BLOCK, settled
from tests.cli.conftest import FLASH, PRO, SCRIPT, waiting_call

DONE = Counters(calls=12, answered=11, refused=1, turned_away=0, waits=3, waited=580.0)


@pytest.fixture
def two_wait(spend, run_goes_on):
    """Two agents wait for the minute's limit."""
    spend(calls=11)
    return run_goes_on(waiting_call("Ada", 23.0), waiting_call("Grace", 83.0, number=2), counters=DONE)


def shown(width: int, **options) -> list[str]:
    watch = Watch(look)
    lines = watch_lines(watch.looked, watch.totals, Screen(width), **options)
    return Screen(width).text(lines).splitlines()


def test_what_the_runs_have_cost_stands_beside_their_calls(run_goes_on, store_file):
    run = run_goes_on(counters=DONE)
    recorder = Recorder(store_file.with_name("calls.sqlite3"), 30, 256, Prices(lambda _: BLOCK), print)
    recorder.add(settled(run=run.run, cost=20_000))
    recorder.add(settled(run="another", cost=90_000))
    recorder.close()
    watch = Watch(look, store_file.with_name("calls.sqlite3"))
    assert watch.totals.cost == "$0.0200"
    lines = watch_lines(watch.looked, watch.totals, Screen(80))
    assert Screen(80).text(lines).endswith("12 calls · 1 refused · 9:40 waited · $0.0200\n")


def test_a_cost_that_nobody_knows_is_no_zero(run_goes_on, store_file):
    run = run_goes_on(counters=DONE)
    recorder = Recorder(store_file.with_name("calls.sqlite3"), 30, 256, Prices(lambda _: {}), print)
    recorder.add(settled(run=run.run, model="nobody-knows-this"))
    recorder.close()
    assert Watch(look, store_file.with_name("calls.sqlite3")).totals.cost == "cost unknown"


@pytest.mark.parametrize("width", [120, 80, 40, 24])
def test_runs_limits_and_waiting_agents_are_in_the_picture(two_wait, width):
    lines = shown(width)
    words = " ".join(" ".join(lines).split())
    assert max(map(len, lines)) <= width
    assert "1 run · 1 pool" in words
    assert re.search(r"1 Ada (\S+ )?0:2[0-3]\b", words)
    assert re.search(r"2 Grace (\S+ )?1:2[0-3]\b", words)
    assert "12 calls · 1 refused · 9:40 waited" in words
    assert ("next slot" in words) is (width >= 60)  # compact where it is narrow


def test_compact_is_a_line_for_each_pool(two_wait):
    assert len(shown(120, compact=True)) < len(shown(120))
    assert any(line.startswith("gemini-2.5-flash 9/9 next 0:2") for line in shown(120, compact=True))


def test_plans_are_in_the_picture():
    now = time.time()
    write_plans([PlanNote("codex", "5-hour limit", 0.5, now + 600, now)], now)
    screen = Screen(80)
    shown = screen.text(watch_lines(look(), Totals(), screen))
    assert "plan of the codex agents" in shown
    assert "50% used" in shown


def test_what_an_ended_run_has_counted_stays_in_the_sum(two_wait, run_goes_on):
    looks = iter([look(), replace(look(), presences=[]), look()])
    watch = Watch(lambda: next(looks))
    watch.look()
    assert (watch.totals.calls, watch.totals.waited) == (12, 580.0)
    watch.look()
    assert watch.totals.calls == 12


def lines_of(*looks) -> Iterator[list[str]]:
    changes = Changes()
    for looked in looks:
        yield [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in changes.lines(looked)]


def test_in_a_pipe_each_change_is_a_line_and_nothing_else_is(two_wait):
    now = look()
    [run] = now.presences
    ada, grace = run.waiting
    later = replace(now, now=now.now + 23, presences=[replace(run, waiting=(grace,))])
    over = replace(later, presences=[])
    began, nothing, went_on, ended = lines_of(now, now, later, over)
    assert began[0].startswith("team.yaml, pid ")
    assert began[1:] == [
        "Ada waits 0:23 for gemini-2.5-flash (9 requests per minute), 1st",
        "Grace waits 1:23 for gemini-2.5-flash (9 requests per minute), 2nd",
    ]
    assert nothing == []
    assert went_on == [f"Ada goes on after {clock_of(later.now - ada.since)}"]
    assert ended[0].startswith("Grace ended with its process after")
    assert ended[1].endswith("has ended: 12 calls, 1 refused, 9:40 waited")


def test_in_a_pipe_no_time_is_promised_during_a_pause(two_wait, rl):
    assert rl("pause").code == 0
    [began] = lines_of(look())
    assert began[1:] == [
        "Ada waits for gemini-2.5-flash (paused), 1st",
        "Grace waits for gemini-2.5-flash (paused), 2nd",
    ]


def clock_of(seconds: float) -> str:
    return f"{math.ceil(seconds) // 60}:{math.ceil(seconds) % 60:02}"


def test_a_pause_of_the_provider_is_a_line(spend):
    before = look()
    spend(PRO, refusal=Refusal(RefusalKind.WINDOW, retry_after=30))
    _, paused, same, free = lines_of(before, look(), look(), before)
    assert paused == [f"{PRO} is paused by the provider"]
    assert same == free == []


def test_until_idle_ends_with_a_summary_and_tells_by_its_code_how_it_went(rl, spend, settings_file):
    spend()
    ran = rl("watch", "--until-idle", "--exit-status")
    assert (ran.code, ran.out) == (0, "0 calls, 0 refused, 0 turned away, 0:00 waited.\n")
    spend(refusal=Refusal(RefusalKind.UNTIL))
    assert rl("watch", "--until-idle", "--exit-status").code == 3
    assert rl("watch", "--until-idle").code == 0


def test_programs_get_a_document_a_line(rl, spend):
    spend()
    ran = rl("watch", "--until-idle", "--json")
    [line] = ran.out.splitlines()
    assert json.loads(line)["pools"][0]["name"] == FLASH.name


def test_calls_that_were_turned_away_are_a_code(two_wait):
    gone = replace(two_wait, counters=replace(DONE, turned_away=1))
    watch = Watch(lambda: replace(look(), presences=[gone]))
    assert watch.exit_status == 1


def test_a_wrong_interval_is_wrong_usage(rl):
    assert rl("watch", "--interval", "0").code == rl("watch", "-i", "x").code == 2


class Terminal:
    """``watch`` on a terminal of its own."""

    def __init__(self, *arguments: str, columns: int) -> None:
        self.ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, columns))
        environment = {**os.environ, "TERM": "xterm-256color"}
        # Where whoever runs the tests ignores Ctrl+C, as in the background of a script, a child would, too.
        ours = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.process = subprocess.Popen(
            [SCRIPT, "watch", *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
        )
        signal.signal(signal.SIGINT, ours)
        os.close(theirs)
        self.seen = ""

    def until(self, pattern: str, seconds: float = 60) -> str:
        """What came until the pattern is in it; colours and the like left out."""
        ends = time.monotonic() + seconds
        begun = len(self.seen)
        while not re.search(pattern, self.seen[begun:]):
            assert time.monotonic() < ends, self.seen[begun:]
            ready, _, _ = select.select([self.ours], [], [], 1)
            if ready:
                sent = os.read(self.ours, 65_536).decode()
                self.seen += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", sent)
        return self.seen[begun:]

    def press(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def resize(self, columns: int) -> None:
        termios.tcsetwinsize(self.ours, (24, columns))
        self.process.send_signal(signal.SIGWINCH)

    def end(self) -> int:
        with contextlib.suppress(OSError):
            while os.read(self.ours, 65_536):
                pass
        os.close(self.ours)
        return self.process.wait(30)


def test_on_a_terminal_it_follows_keys_and_the_windows_size(two_wait):
    terminal = Terminal("-i", "0.3", columns=120)
    assert "requests per minute" in terminal.until(r"q quit")
    terminal.press("?")
    terminal.until(r'"Next slot"')
    terminal.press("?")
    terminal.press("w")
    terminal.until(r"No refusal by a provider is known")
    terminal.press("w")
    terminal.press("\x1b[A")  # an arrow is no key of ours
    terminal.resize(40)
    narrow = terminal.until(r"gemini-2.5-flash 9/9 next [\s\S]*q quit")
    assert "1 run · 1 pool" in narrow
    terminal.press("q")
    assert terminal.end() == 0


def test_keys_pause_and_change_the_limit_that_is_waited_for(two_wait):
    terminal = Terminal("-i", "0.3", columns=120)
    terminal.until(r"q quit")
    terminal.press("p")
    terminal.until(r"Paused: no call is sent")
    assert read_steering().pause_of(FLASH.name) is not None
    terminal.until(r"paused by \S+: no call is sent, and no turn ends")
    terminal.press("p")
    terminal.until(r"Resumed: calls are sent again")
    assert read_steering().entries == ()
    terminal.press("+")
    terminal.until(r"gemini-2\.5-flash: 9 -> 10 requests per minute for 10 minutes")
    [entry] = read_steering().entries
    assert 590 < entry.until - time.time() <= 600
    assert load_settings(None).rules("gemini", FLASH.name).limits[0].amount == 10
    terminal.press("q")
    assert terminal.end() == 0


def test_a_key_never_sets_a_limit_of_zero(spend):
    spend(calls=1, limits=[Limit(Kind.REQUESTS, 1, MINUTE)])
    looked = look()
    [view] = looked.view.pools
    one = replace(view, limits=[replace(view.limits[0], cap=1)])
    said = pressed("-", replace(looked, view=replace(looked.view, pools=[one])))
    assert "would end turns; p pauses" in said
    assert read_steering().entries == ()
    assert "no limit of requests per minute" in pressed("+", replace(looked, view=StoreView(())))


def test_ctrl_c_leaves_the_picture_and_says_what_was_seen(two_wait):
    terminal = Terminal(columns=80)
    terminal.until(r"q quit")
    terminal.process.send_signal(signal.SIGINT)  # it is not the terminal's first process
    terminal.until(r"12 calls, 1 refused, 0 turned away, 9:40 waited\.")
    assert terminal.end() == 0


def test_the_line_shows_the_tightest_quota(rl, two_wait, spend):
    spend(PRO)
    ran = rl("line")
    assert re.fullmatch(r"⏳ gemini-2\.5-flash 9/9 next 0:2\d · \d wait · day 9/245 · \+1\n", ran.out)
    document = rl("line", "--json").document
    assert (document["class"], document["text"][:18]) == ("waiting", "⏳ gemini-2.5-flash")
    assert "gemini-2.5-pro 1/2" in document["tooltip"]


def test_the_line_says_what_stands_in_the_way(rl, spend, script):
    assert rl("line").out == ""
    spend(limits=[Limit(Kind.REQUESTS, 9, MINUTE)], refusal=Refusal(RefusalKind.WINDOW, retry_after=30))
    assert re.fullmatch(r"‖ gemini-2\.5-flash 1/\d next 0:3\d · paused 0:3\d · day 0/245\n", rl("line").out)
    assert script("line", PYTHONIOENCODING="ascii").out.isascii()


def test_the_line_says_that_a_day_is_used_up(rl, spend):
    spend(refusal=Refusal(RefusalKind.UNTIL))
    assert re.fullmatch(
        r"✗ gemini-2\.5-flash 1/\d next [\d:]+ · day 1/245 · until \d\d:\d\d\n", rl("line").out
    )
