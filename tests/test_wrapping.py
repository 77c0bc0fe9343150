"""Wrappers of ours go around a function once, and come out without tearing out anybody else's."""

from __future__ import annotations

import functools
import inspect
import threading
from types import SimpleNamespace

import pytest

from massgen_plugins.wrapping import is_wrapped, unwrap, wrap_once


class Base:
    def inherited(self, x: int) -> int:
        return x


@pytest.fixture
def owner():
    class Owner(Base):
        def method(self, x: int) -> int:
            """Doubles."""
            return 2 * x

    return Owner


def plus_one(original):
    def wrapper(*args):
        return original(*args) + 1

    return wrapper


def others(original):
    """A wrapper of somebody who copies attributes, as functools.wraps does."""

    @functools.wraps(original)
    def wrapper(*args):
        return original(*args) * 10

    return wrapper


def test_once_is_enough(owner):
    wrap_once(owner, "method", plus_one)
    wrap_once(owner, "method", plus_one)
    assert owner().method(2) == 5
    assert is_wrapped(owner, "method")


def test_name_signature_and_docstring_stay(owner):
    before = inspect.signature(owner.method)
    wrap_once(owner, "method", plus_one)
    assert (owner.method.__name__, owner.method.__doc__) == ("method", "Doubles.")
    assert inspect.signature(owner.method) == before


def test_unwrapping_gives_the_very_function_back(owner):
    before = owner.method
    wrap_once(owner, "method", plus_one)
    unwrap(owner, "method")
    unwrap(owner, "method")
    assert owner.method is before
    assert not is_wrapped(owner, "method")


def test_below_somebody_elses_it_counts_as_there_and_stays(owner):
    wrap_once(owner, "method", plus_one)
    owner.method = theirs = others(owner.method)
    wrap_once(owner, "method", plus_one)
    unwrap(owner, "method")
    assert owner.method is theirs
    assert owner().method(2) == 50
    assert is_wrapped(owner, "method")


def test_above_somebody_elses_it_comes_out(owner):
    owner.method = theirs = others(owner.method)
    wrap_once(owner, "method", plus_one)
    assert owner().method(2) == 41
    unwrap(owner, "method")
    assert owner.method is theirs


def test_an_inherited_method_is_wrapped_for_the_heir_alone(owner):
    wrap_once(owner, "inherited", plus_one)
    assert (owner().inherited(1), Base().inherited(1)) == (2, 1)


def test_functions_of_modules():
    module = SimpleNamespace(f=lambda: 1)
    wrap_once(module, "f", plus_one)
    assert module.f() == 2


def test_what_is_not_there(owner):
    with pytest.raises(AttributeError):
        wrap_once(owner, "missing", plus_one)
    assert not is_wrapped(owner, "missing")


def test_many_threads_wrap_once(owner):
    threads = [threading.Thread(target=wrap_once, args=(owner, "method", plus_one)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert owner().method(2) == 5
