"""The state that limited agents share within this process: plugins, middleware, providers, domains."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

from massgen_plugins import wire
from massgen_plugins.calls.observer import CallObserver
from massgen_plugins.calls.runs import begin_run
from massgen_plugins.chain import Chain
from massgen_plugins.errors import CallRefused, ConfigurationError, described
from massgen_plugins.events import (
    BudgetMark,
    CallAdmitted,
    CallAnswered,
    CallGivenUp,
    CallSettled,
    CallTurnedAway,
    CallWaits,
    Event,
    LimitLearned,
    ModelReplaced,
    StoreChanged,
    Trouble,
)
from massgen_plugins.hookspecs import AgentInfo, MiddlewareContext
from massgen_plugins.host import foreign_keys, notices, reports, timings, unlimited
from massgen_plugins.host.accounts import Accounts
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.live_view import LiveView
from massgen_plugins.host.programs import Programs
from massgen_plugins.host.runs import log_dir
from massgen_plugins.host.sinks import Sinks
from massgen_plugins.host.stream import Agent, current_turn
from massgen_plugins.interrupts import ends_the_run
from massgen_plugins.manager import Plugins, build_manager
from massgen_plugins.middleware import ModelCall
from massgen_plugins.providers.base import Conventions, ModelRequest, Provider
from massgen_plugins.quota import Domain, Pool, PoolRules

__all__ = ["Runtime", "runtime"]

_DECIDING = ("open_call", "before_call", "RateLimitMiddleware.before_call", "provider ")
"""Places at which an error leaves a call without limits."""

_MODEL_TRAFFIC = ("completion", "responses", "messages", "generate", "/models/", "wss://", "grpc")
"""Parts of URLs of model calls; other requests in a turn (MCP tools, webhooks) use no quota."""


class Runtime:
    """The gate of this process's model calls; ``plugins`` provide middleware and providers."""

    def __init__(self, plugins: Plugins) -> None:
        self.plugins = plugins
        self.providers = plugins.providers()
        self._faults: set[str] = set()
        self._warned: set[str] = set()
        self._refused: set[tuple[str, Pool]] = set()
        self._accounts = Accounts()
        self.programs = Programs(self.fault, self._say_once)
        self._governors: dict[Domain, Governor] = {}
        self.live = LiveView(reports.warn_once)
        self.sinks = Sinks(reports.warn_once)
        context = MiddlewareContext(self.emit, self.rules, self.settings)
        # The observer is innermost, so that a call it reports as admitted has passed all middleware.
        self.chain = Chain([*plugins.middleware(context), CallObserver(self.emit)], self.fault)

    def new_run(self, config_path: str | None = None) -> str:
        """Register the run whose agents are created next; see ``calls.runs.find_run``."""
        return begin_run(config_path, log_dir).name

    def provider_of_backend(self, backend_type: str, base_url: str | None) -> Provider | None:
        """The provider whose traffic a MassGen backend produces."""
        for provider in self.providers:
            try:
                if provider.serves(backend_type.lower(), base_url):
                    return provider
            except BaseException as error:  # one bad provider must not hide the others
                if ends_the_run(error):
                    raise
                self.fault(f"provider {provider.name}.serves", error)
        return None

    def resolve_model(self, provider: Provider, model: str) -> str:
        """The name of a model's own pool, by its provider."""
        try:
            return str(provider.resolve_model(model))
        except BaseException as error:
            if ends_the_run(error):
                raise
            self.fault(f"resolve_model of {provider.name}", error)
            return model

    def conventions_of(self, provider: str) -> Conventions:
        """How a provider counts."""
        return next((each.conventions for each in self.providers if each.name == provider), Conventions())

    def agent_starting(self, agent: Agent) -> None:
        """Notify the plugins of a limited agent."""
        info = AgentInfo(agent.agent_id, agent.provider.name, agent.requested_model, agent.governor.block)
        self.plugins.agent_starting(info)

    def model_for(self, agent: Agent) -> str | None:
        """A replacement for the agent's model in the next turn, if a plugin names one."""
        return self.chain.model_for(agent.agent_id, agent.run, agent.requested_model)

    def unseen(self, agent: Agent) -> None:
        """Called when an agent has answered without any observed model call."""
        if agent.program and not self.programs.is_blind(agent):
            return
        said = self._warn_once(
            f"agent {agent.agent_id} has answered, but none of its requests could be read: it runs "
            "WITHOUT limits. `massgen-rl doctor` tells what is covered."
        )
        if said:
            unlimited.remember(agent.agent_id, f"traffic of its {agent.provider.name} backend")

    # The Gate protocol of the wire.

    def provider_for(self, method: str, url: str) -> Provider | None:
        """The provider of a model call; None for other requests.

        During a turn the agent's own provider goes first; for the agent's own base URL, no other one is tried
        unless it fails.
        """
        turn = current_turn.get()
        agent = turn.agent if turn is not None else None
        own = agent.provider if agent is not None else None
        for place, provider in enumerate(self.providers if own is None else (own, *self.providers)):
            if place and provider is own:
                continue
            try:
                if provider.is_model_call(method, url):
                    return provider
            except BaseException as error:  # one bad provider must not hide the others
                if ends_the_run(error):
                    raise
                self.fault(f"provider {provider.name}.is_model_call", error)
                continue
            base = agent.base_url if agent is not None and provider is own else None
            if base and url.startswith(f"{base.rstrip('/')}/"):
                return None
        return None

    def unrecognised(self, method: str, url: str) -> None:
        """Report an unrecognised request if it looks like an agent's own traffic."""
        del method
        turn = current_turn.get()
        if turn is None or not any(part in url for part in _MODEL_TRAFFIC):
            return
        turn.calls += 1  # reported here, so that `unseen` does not report it again
        way = unlimited.way_of(url)
        said = self._warn_once(
            f"agent {turn.agent.agent_id} sends {way} that no provider plugin reads: they are NOT limited."
            if way.startswith("requests")
            else f"agent {turn.agent.agent_id} speaks over {way}, which cannot be read: it is NOT limited. "
            f"To have limits, {unlimited.cure_of(way)}."
        )
        if said:
            unlimited.remember(turn.agent.agent_id, way)

    def open_call(
        self, provider: Provider, request: ModelRequest, *, urgent: bool, repeatable: bool
    ) -> ModelCall | None:
        """The call to admit if it belongs to a limited agent's turn, or uses the account of one."""
        turn = current_turn.get()
        if turn is None:
            account = self._accounts.of_stranger(provider, request)
        else:
            if not request.model:  # the provider failed to read it
                request = replace(request, model=turn.agent.model, requested_model=turn.agent.requested_model)
            account = self._accounts.of_agent(provider, request, turn.agent)
            turn.calls += 1
            if (warning := foreign_keys.warning_about(request, turn.agent.agent_id)) is not None:
                self._warn_once(warning)
        if account is None:
            return None
        names: Sequence[str] = (request.endpoint, *(request.pools or (request.model,)))
        if not all(map(str.isascii, names)):  # a lone surrogate can be neither stored nor printed
            names = [name.encode("utf-8", "replace").decode() for name in names]
        domain = Domain(provider.name, account, names[0])
        governor = turn.agent.governor if turn is not None else self._governors.get(domain)
        if governor is None:
            return None
        self._governors[domain] = governor
        return ModelCall(
            domain=domain,
            pools=(*names[1:], *governor.pools_for(provider.name, request.model)),
            model=request.model,
            requested_model=request.requested_model,
            charges=request.charges,
            agent_id=turn.agent.agent_id if turn else None,
            run=turn.agent.run if turn else "",
            urgent=urgent,
            repeatable=repeatable,
            max_output=request.max_output,
        )

    def refused(self, call: ModelCall, error: CallRefused) -> None:
        """End the turn if its own model was refused; otherwise only the tool that made the call fails.

        MassGen repeats errors for each agent, so from the second agent on the message is shortened.
        """
        turn = current_turn.get()
        if turn is not None and turn.is_about(call.domain.provider, call.model, call.requested_model):
            turn.refused = error
            if turn.begins_anew:
                return
        pool = error.pool if isinstance(error.pool, Pool) else call.pool
        self.emit(CallTurnedAway(pool, call.agent_id, str(error), call.run, call.number, error.resets_at))
        if (call.run, pool) in self._refused:
            error.shorten()
        self._refused.add((call.run, pool))

    def fault(self, place: str, error: BaseException) -> None:
        """Report an error of ours or of a plugin; the call has continued without the faulty part."""
        if isinstance(error, ConfigurationError):
            self.emit(Trouble(str(error)))
            return
        if place in self._faults:
            return  # already reported; the text may vary
        self._faults.add(place)
        last_resort = place.startswith(_DECIDING)
        what = "one call was not limited" if last_resort else "the call went on"
        self.emit(Trouble(f"an error of ours in {place}, {what}: {described(error)}."))

    # The functions of MiddlewareContext.

    def rules(self, pool: Pool) -> PoolRules | None:
        """The current rules of a pool."""
        return self._governors[pool.domain].rules(pool)

    def settings(self, domain: Domain) -> Mapping[str, object]:
        """The settings for a domain."""
        return self._governors[domain].block

    def emit(self, event: Event) -> None:
        """Publish an event to the user and the plugins."""
        if isinstance(event, CallAdmitted):
            turn = current_turn.get() if event.waited >= timings.WORTH else None
            if turn is not None and event.pool.name == turn.agent.model:
                timings.take_out(turn, event.waited)
        elif isinstance(event, CallTurnedAway):
            reports.warn_once(event.message)
            reports.at_exit(event.pool, event.message)
        elif isinstance(event, Trouble | LimitLearned | StoreChanged):
            reports.warn_once(event.message)
        elif isinstance(event, BudgetMark | ModelReplaced):
            notices.tell(event.message, event.run, event.agent_id)
        elif not isinstance(event, CallAnswered | CallGivenUp | CallSettled | CallWaits):
            reports.inform(f"massgen-plugins: {event}")
        self.live.tell(event)
        if self.live.names.hidden:
            event = self.live.names.hidden_in(event)
        if self.sinks.any:
            self.sinks.tell(event)
        self.plugins.event(event)

    def _say_once(self, message: str) -> None:
        self._warn_once(message)

    def _warn_once(self, message: str) -> bool:
        """Report a problem that recurs with every request, once; True if it is new."""
        if message in self._warned:
            return False
        self._warned.add(message)
        self.emit(Trouble(message))
        return True


_runtime: Runtime | None = None
_runtime_lock = threading.Lock()


def runtime() -> Runtime:
    """The runtime of this process; the first call creates it and installs the wire."""
    global _runtime  # noqa: PLW0603 - there is one for each process
    with _runtime_lock:
        if _runtime is None:
            made = Runtime(build_manager(reports.warn_once))
            wire.install(made)
            _runtime = made
        return _runtime
