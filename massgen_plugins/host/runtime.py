"""What this process shares once an agent is switched on: plugins, middleware, limiters, known scopes."""

from __future__ import annotations

import itertools
import threading

from massgen_plugins import wire
from massgen_plugins.errors import CallRefused, ConfigurationError, described
from massgen_plugins.events import CallTurnedAway, CallWaits, Event, LimitLearned, Trouble
from massgen_plugins.hookspecs import AgentInfo, MiddlewareContext
from massgen_plugins.host import announce, reports
from massgen_plugins.host.accounts import Accounts
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.limiters import Limiters
from massgen_plugins.host.stream import Agent, current_turn
from massgen_plugins.manager import Plugins, build_manager
from massgen_plugins.middleware import Chain, ModelCall
from massgen_plugins.providers.base import ModelRequest, Provider
from massgen_plugins.quota import Scope, ScopeRules
from massgen_plugins.rate_limit.limiter import Limiter, Wait

__all__ = ["Runtime", "runtime"]

_DECIDING = ("open_call", "before_call", "RateLimitMiddleware.before_call", "provider ")
"""Places at which an error means that nobody limits a call."""


class Runtime:
    """The gate through which this process's model calls pass; ``plugins`` bring middleware and providers."""

    def __init__(self, plugins: Plugins) -> None:
        self.plugins = plugins
        self.providers = plugins.providers()
        self._runs = itertools.count(1)
        self._limiters = Limiters(self._on_wait, self.rules, reports.warn_once)
        self._accounts = Accounts(self._limiters)
        self._governors: dict[Scope, Governor] = {}
        context = MiddlewareContext(self.emit, self.rules, self.limiter)
        self.chain = Chain(plugins.middleware(context), self.fault)

    def new_run(self) -> str:
        """A name for the run whose agents are made next."""
        return f"run{next(self._runs)}"

    def provider_of_backend(self, backend_type: str) -> Provider | None:
        """The provider whose traffic a MassGen backend of this type produces."""
        return next((p for p in self.providers if backend_type.lower() in p.backends), None)

    def agent_starting(self, agent: Agent) -> None:
        """Tell the plugins of an agent that is switched on."""
        settings = agent.governor.settings.to_mapping()
        info = AgentInfo(agent.agent_id, agent.provider, agent.requested_model, settings)
        self.plugins.agent_starting(info)

    # The gate, as the wire sees it.

    def provider_for(self, method: str, url: str) -> Provider | None:
        """Whose model call a request is; None if it is none."""
        for provider in self.providers:
            try:
                if provider.is_model_call(method, url):
                    return provider
            except Exception as error:  # one bad provider must not hide the others
                self.fault(f"provider {provider.name}", error)
        return None

    def open_call(
        self, provider: Provider, request: ModelRequest, *, urgent: bool, repeatable: bool
    ) -> ModelCall | None:
        """The call to admit: of an agent that is switched on, or one that spends a scope of such an agent."""
        turn = current_turn.get()
        agent = turn.agent if turn is not None and turn.agent.provider == provider.name else None
        if agent is None:
            account = self._accounts.of_stranger(provider, request)
        else:
            account = self._accounts.of_agent(provider, request, agent)
        scope = Scope(provider.name, account or "", request.model, request.endpoint)
        if agent is not None:
            self._governors[scope] = agent.governor
        elif account is None or scope not in self._governors:
            return None
        return ModelCall(
            scope=scope,
            requested_model=request.requested_model,
            estimate=request.estimate,
            agent_id=turn.agent.agent_id if turn else None,
            run=turn.agent.run if turn else "",
            urgent=urgent,
            repeatable=repeatable,
        )

    def refused(self, call: ModelCall, error: CallRefused) -> None:
        """End the turn whose own model was refused; another model's refusal is the failure of a tool."""
        turn = current_turn.get()
        spent = (call.scope.provider, call.scope.model)
        if turn is not None and (turn.agent.provider, turn.agent.model) == spent:
            turn.refused = error
        self.emit(CallTurnedAway(call.scope, call.agent_id, str(error)))

    def fault(self, place: str, error: BaseException) -> None:
        """An error of ours or of a plugin; the call went on without whoever failed."""
        if isinstance(error, ConfigurationError):
            self.emit(Trouble(str(error)))
            return
        last_resort = place.startswith(_DECIDING)
        what = "one call was not limited" if last_resort else "the call went on"
        self.emit(Trouble(f"an error of ours in {place}, {what}: {described(error)}."))

    # What the middleware is made with.

    def rules(self, scope: Scope) -> ScopeRules:
        """What holds in a scope now."""
        return self._governors[scope].rules(scope)

    def limiter(self, scope: Scope) -> Limiter:
        """The limiter over the store that the scope's settings name."""
        return self._limiters.at(self._governors[scope].settings.store)

    def emit(self, event: Event) -> None:
        """Tell the user and the plugins."""
        if isinstance(event, CallTurnedAway):
            reports.warn_once(event.message)
            reports.at_exit(event.scope, event.message)
        elif isinstance(event, Trouble | LimitLearned):
            reports.warn_once(event.message)
        elif isinstance(event, CallWaits):
            announce.show(event)
        else:
            reports.inform(f"massgen-plugins: {event}")
        self.plugins.event(event)

    def _on_wait(self, wait: Wait, who: object) -> None:
        agent_id = who.agent_id if isinstance(who, ModelCall) else None
        self.emit(CallWaits(wait.scope, agent_id, wait.seconds, wait.place, wait.message))


_runtime: Runtime | None = None
_runtime_lock = threading.Lock()


def runtime() -> Runtime:
    """The runtime of this process; made, and the wire opened, when the first agent is switched on."""
    global _runtime  # noqa: PLW0603 - there is one for each process
    with _runtime_lock:
        if _runtime is None:
            made = Runtime(build_manager(reports.warn_once))
            wire.install(made)
            _runtime = made
        return _runtime
