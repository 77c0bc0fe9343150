"""The benchmark suite itself, on tiny sizes: every adapter works, every measure runs. No times are judged."""

from __future__ import annotations

import gc
import json
import warnings

import pytest
from rich.console import Console

from tests.benchmarks import machine, measures, peers, redis_server, results, table
from tests.benchmarks.figures import TINY, Figure
from tests.benchmarks.measures import processes, server_side
from tests.benchmarks.plots import utilisation
from tests.benchmarks.server import Server, drive, worst_window
from tests.benchmarks.virtual import simulation

pytestmark = pytest.mark.filterwarnings("ignore")  # of the peers' imports


@pytest.fixture(scope="module", autouse=True)
def _imports_set_aside():
    """As in a real run: what the peers' imports left is not searched for garbage again and again."""
    with warnings.catch_warnings(record=True):
        peers.find()
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(params=peers.MODULES)
def kinds(request) -> list[type[peers.Peer]]:
    """The limiters of one adapter."""
    reason = peers.why_missing(request.param)
    if reason:
        pytest.skip(f"{request.param}: {reason}")
    return [kind for kind in peers.find() if kind.__module__.endswith(request.param)]


def test_an_adapter_admits_what_fits_and_lets_the_rest_wait(kinds) -> None:
    for kind in kinds:
        with simulation() as clock:
            peer = kind(5, 10.0)
            seen = drive(clock, peer, Server(5, 10.0), windows=3, clients=4)
            peer.close()
        assert 0.3 < seen.utilisation <= 2.1
        assert seen.worst <= 3


def test_an_adapter_spins(kinds) -> None:
    for kind in kinds:
        with simulation() as clock:
            peer = kind(10**9, 60.0)
            clock.run(peer.spin(3))
            if kind.weighs:
                clock.run(peer.spin(2, 7))
            peer.close()


def test_full_cycles_spin() -> None:
    for kind in peers.cycles():
        with simulation() as clock:
            clock.run(kind().spin(3))


def test_ours_is_exact_and_never_refused() -> None:
    ours = peers.find()[0]
    assert ours.ours
    with simulation() as clock:
        seen = drive(clock, ours(20, 60.0), Server(20, 60.0), windows=10)
    assert seen.worst == 1.0
    assert seen.refusals == 0


@pytest.mark.parametrize("name", [name for name in measures.MEASURES if name not in {"processes", "added"}])
def test_a_measure_gives_figures(name: str) -> None:
    if name == "redis" and (not redis_server.is_there()):
        pytest.skip("there is no redis-server, or no client for it")
    if name == "uncontended" and peers.why_missing("aiolimiter"):
        pytest.skip("the yardstick, aiolimiter, is not installed")
    figures = measures.MEASURES[name](TINY)
    assert figures
    assert all(isinstance(each, Figure) and each.value >= 0 for each in figures)
    Console(file=None, quiet=True).print(table.render(figures, name))


def test_several_processes_share_a_limit(tmp_path) -> None:
    ours = peers.shared("SQLite")[0]
    figures = processes.compare(ours, [str(tmp_path / "1"), str(tmp_path / "2")], TINY.seconds)
    worst = [each for each in figures if each.measure.startswith(processes.WORST)]
    assert [each.value <= 1.0 for each in worst] == [True]


def test_the_worst_window_is_the_fullest_one() -> None:
    arrivals = [(0.0, 1), (0.5, 2), (0.99, 1), (1.0, 5), (3.0, 1)]
    assert worst_window(arrivals, 1.0) == 8
    assert worst_window([], 1.0) == 0


def test_a_server_counts_on_arrival_and_forgets_after_a_window() -> None:
    server = Server(2, 10.0)
    assert [server.ask(at) for at in (0.0, 5.0, 9.9, 10.0, 14.9)] == [True, True, False, True, False]


def test_a_figure_knows_whether_it_passed() -> None:
    assert Figure("m", "s", 1.0, "x", goal=1.0).passed
    assert not Figure("m", "s", 1.1, "x", goal=1.0).passed
    assert Figure("m", "s", 0.99, "", goal=0.99, at_least=True).passed
    assert Figure("m", "s", 1.0, "x").passed is None


def test_the_plot_shows_every_limiter() -> None:
    names = [kind.name for kind in peers.find()]
    used = [Figure(server_side.USED, name, 0.9, "") for name in names]
    drawn = utilisation.draw([*used, *(Figure(server_side.REFUSED, name, 0.1, "") for name in names)])
    for name in names:
        assert name.replace("'", "&#x27;") in drawn
    assert utilisation.draw([]) == ""


def test_the_machine_is_described() -> None:
    about = machine.describe()
    assert json.dumps(about)
    assert about["versions"]["massgen-plugins"]


def test_results_of_one_measure_replace_those_of_the_same_alone(tmp_path) -> None:
    path, about = tmp_path / "new" / "results.json", {"date": "today", "load": [0], "cores": 1}
    old, new = Figure("a", "ours", 1.0, "x", goal=2.0), Figure("a", "ours", 3.0, "x", goal=2.0)
    other = Figure("b", "peer", 1.0, "x")
    results.write(path, about, "first", [old], quick=True)
    results.write(path, about, "second", [other], quick=False)
    results.write(path, about, "first", [new], quick=False)
    assert results.read(path) == (about, [new, other])
    assert results.hurried(path) == []
