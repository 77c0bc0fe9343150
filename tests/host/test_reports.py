"""How we speak to the user while MassGen runs."""

from __future__ import annotations

from massgen_plugins.host import reports


def test_a_sentence_is_said_once(said):
    for _ in range(3):
        reports.warn_once("one")
        reports.warn_once("two")
    assert said == ["one", "two"]


def test_without_massgens_log_it_goes_to_stderr(monkeypatch, capsys):
    def absent():
        raise ImportError("no massgen")

    monkeypatch.setattr(reports, "_logger", absent)
    reports.log_warning("hello")
    reports.inform("not this")
    assert capsys.readouterr().err == "massgen-plugins: hello\n"


def test_of_each_subject_the_last_words_come_at_the_end(monkeypatch, capsys):
    registered = []
    monkeypatch.setattr(reports, "_last_words", {})
    monkeypatch.setattr(reports.atexit, "register", registered.append)
    for subject, words in (("a", "one"), ("b", "two"), ("a", "three")):
        reports.at_exit(subject, words)
    (speak,) = registered
    speak()
    assert capsys.readouterr().err == "three\ntwo\n"
