"""The ten first-day problems: each brought about, and its commands typed as they are on the page."""

from __future__ import annotations

from .page import commands, configuration, first_day
from .reader import Story

_PAGE = first_day()
_GEMINI = "agents:\n  - id: one\n    backend: {type: gemini, model: gemini-2.5-flash}\n"
_TEAM = {"team.yaml": _GEMINI}
_KEY = "export GEMINI_API_KEY=some-key\n"
_ASK = 'massgen --automation --model gemini-2.5-flash "What is 2+2?"\n'
_RUN = 'massgen --automation --config team.yaml "What is 2+2?"\n'
_ANSWER = r"(?m)^ANSWER: "


def _all(anchor: str) -> str:
    return "".join(commands(_PAGE, anchor))


def stories(refusing: str) -> list[Story]:
    """Each with what has to be seen before and afterwards; ``refusing`` is a provider that says no."""
    first, second = commands(_PAGE, "key-not-found")
    alone = commands(_PAGE, "rate-limit")[0]
    limited = f"cat > team.yaml <<'YAML'\n{configuration(_PAGE, 'rate-limit')}YAML\n"
    with_key = _GEMINI.replace("2.5-flash}", "2.5-flash, api_key: some-secret}")
    kept = "grep -rq some-secret .massgen && echo The key is still there.\n"
    return [
        Story(
            "old-python",
            "python3.10 -m venv old && old/bin/pip install massgen==0.1.97",
            "No matching distribution found for massgen==0.1.97|python3.10: (command )?not found",
            _all("old-python") + "pip show massgen\n",
            r"(?m)^Version: 0\.1\.97$",
            bare=True,
        ),
        Story(
            "not-found",
            'ln -s "$ENVIRONMENT" .venv; massgen --help',
            "massgen: command not found",
            commands(_PAGE, "not-found")[0],
            r"bin/massgen",
            bare=True,
        ),
        Story("wizard", "massgen --setup", "unable to read CSS file", _all("wizard"), _ANSWER),
        Story(
            "key-not-found",
            f"echo GEMINI_API_KEY=some-key > .env\n{_ASK}",
            "API key not found",
            first + _ASK,
            _ANSWER,
        ),
        Story("key-not-found, one project", _ASK, "API key not found", second + _ASK, _ANSWER),
        Story(
            "no-default",
            f'{_KEY}massgen --automation "What is 2+2?"',
            "No default configuration found",
            _all("no-default"),
            r"(?ms)^ANSWER: .*^ANSWER: ",
            _TEAM,
        ),
        Story(
            "wrong-type",
            "massgen --validate team.yaml",
            "Unknown backend type: 'google'",
            _all("wrong-type"),
            "Configuration is valid!",
            {"team.yaml": _GEMINI.replace("type: gemini", "type: google")},
        ),
        Story(
            "api-key",
            f'{_KEY}massgen --automation --config team.yaml "What is 2+2?"',
            "got multiple values for keyword argument 'api_key'",
            f"sed -i 's/, api_key: some-secret//' team.yaml\n{_all('api-key')}{kept}"
            'massgen --automation --config team.yaml "What is 2+2?"',
            r"(?ms)\A(?!.*The key is still there).*^ANSWER: ",
            {"team.yaml": with_key},
        ),
        Story(
            "no-answer",
            f"{_KEY}export GOOGLE_GEMINI_BASE_URL={refusing}/401\n{_RUN}",
            r"(?m)^COMPLETED: 1 agents",
            _all("no-answer"),
            "401 UNAUTHENTICATED",
            _TEAM,
        ),
        Story(
            "never-ends",
            f'{_KEY}timeout --signal=KILL 60 massgen --config team.yaml "What is 2+2?"; echo ended with $?',
            "ended with 137",
            _all("never-ends"),
            r"(?ms)^ANSWER: .*FINAL ANSWER:",
            _TEAM,
        ),
        Story(
            "rate-limit",
            f"{_KEY}export GOOGLE_GEMINI_BASE_URL=$TIGHT\ntimeout 90 {_RUN}",
            r"Rate limit \(HTTP None\)",
            f'sleep 60\n{alone}{limited}massgen --automation --config team.yaml "What is 2+2?"',
            r"(?ms)^ANSWER: .*^WAIT: one \d+s 2/min 1st$.*^ANSWER: ",
            {"team.yaml": _GEMINI + _GEMINI.partition("\n")[2].replace("one", "two")},
        ),
    ]
