"""One layer of settings: the content of a ``rate_limit:`` mapping or a ``rate_limit.yaml`` file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from massgen_plugins.profiles.budget import BudgetBlock
from massgen_plugins.profiles.document import Document, looks_like_key, wrong
from massgen_plugins.profiles.limit_values import Changes, LimitValues, stated
from massgen_plugins.profiles.names import ModelName, Name
from massgen_plugins.profiles.places import absolute_path
from massgen_plugins.profiles.profile import ProfileFile
from massgen_plugins.profiles.record import RecordSettings, WrittenRecord
from massgen_plugins.profiles.redis_address import address_problem, is_redis
from massgen_plugins.profiles.validation import Also, Flag, Strict, checked, choice, number, problem, text

__all__ = ["ALL_PROVIDERS", "BLOCK", "SETTING_KEYS", "Layer", "SettingsBlock", "is_wrapped", "read_layer"]

BLOCK = "rate_limit"
"""The key of a MassGen configuration below which settings stand; a file of settings may have it, too."""

ALL_PROVIDERS = "*"
"""Key for every provider without an account of its own."""

_ACCOUNT = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ACCOUNT_SCHEMA = WithJsonSchema({"type": "string", "pattern": f"^{_ACCOUNT.pattern}$"})
_SERVER_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^rediss?://"})
_STORE_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^(?:memory|sqlite|[/~].*|rediss?://.*)$"})
_SERVER = text("the address of a server, redis://HOST:6379")
_STORE = text("memory, sqlite, the absolute path of a file, or redis://...", longest=4096)


def _account(value: Any) -> str:
    # Never show the value: it may be an API key entered by mistake.
    if isinstance(value, str) and _ACCOUNT.fullmatch(value) and not looks_like_key(value):
        return value
    raise problem(
        "write a name of your own for the project that owns the API key, never the key itself: "
        "1 to 64 letters, digits, dots, underscores and hyphens"
    )


def _server(value: Any) -> str:
    address: str = _SERVER.check(value)
    if fault := address_problem(address):
        raise problem(fault)
    return address


def _store(value: Any) -> str:
    if _STORE.check(value) in ("memory", "sqlite"):
        return str(value)
    if is_redis(value):
        return _server(value)
    if path := absolute_path(value):
        return str(path)
    raise problem("write memory, sqlite, the path of a file that begins with / or ~/, or redis://HOST:PORT")


class Announce(Strict):
    """What this process tells of itself.

    Attributes:
        names: Whether agents are called by their names in displays, records and events.
        events: Whether events are kept in a file.
    """

    names: Flag = True
    events: Flag = False


class SettingsBlock(Strict):
    """The keys of ``rate_limit:``.

    Attributes:
        profile: Provider to the profile to use; the provider is None if it is not said.
        disabled: Profiles switched off.
        account: Provider, or :data:`ALL_PROVIDERS`, to account.
        models: Limits that replace those of profiles, key by key.
        define: Profiles that stand in the settings themselves.
        inherit: Whether weaker layers and the user's profiles are read at all.
        allow_stores: Servers that other layers may name as store; in the user's own layer only.
        announce: What is told of the process; each key of it by itself.
        max_wait: As of :class:`~massgen_plugins.profiles.settings.Settings`, like all that follow.
        budget: How much may be spent; the budgets of all layers hold together.
    """

    profile: Annotated[
        dict[Name | None, Name],
        BeforeValidator(lambda value: value if isinstance(value, dict) else {None: value}),
        Also({"type": "string", "minLength": 1}),
    ] = Field(default_factory=dict)
    disabled: tuple[Name, ...] = ()
    account: Annotated[
        dict[Name | Literal["*"], Annotated[str, PlainValidator(_account), _ACCOUNT_SCHEMA]],
        BeforeValidator(lambda value: value if isinstance(value, dict) else {ALL_PROVIDERS: value}),
        Also({"type": "string", "pattern": f"^{_ACCOUNT.pattern}$"}),
    ] = Field(default_factory=dict)
    models: dict[ModelName, Annotated[LimitValues, stated(Changes)]] = Field(default_factory=dict)
    define: tuple[ProfileFile, ...] = ()
    inherit: Flag = True
    announce: Announce = Field(default_factory=Announce)
    max_wait: Annotated[float, number(86_400, "seconds")] = 900
    store: Annotated[str, PlainValidator(_store), _STORE_SCHEMA] = "sqlite"
    allow_stores: tuple[Annotated[str, PlainValidator(_server), _SERVER_SCHEMA], ...] = ()
    wait_for_day: Flag = False
    # YAML 1.1 reads a bare ``off`` as false.
    cooldown_mode: Annotated[
        str,
        choice(("probe", "space", "off")),
        BeforeValidator(lambda value: "off" if value is False else value),
        Also({"const": False}),
    ] = "probe"
    gateway: Annotated[
        str,
        choice(("keys", "plans", "off")),
        BeforeValidator(lambda value: "off" if value is False else value),
    ] = "keys"
    safety_margin: Annotated[float | None, number(1, below=True)] = None
    budget: BudgetBlock = Field(default_factory=BudgetBlock)
    record: WrittenRecord = RecordSettings()


SETTING_KEYS = tuple(SettingsBlock.model_fields)
"""All keys of ``rate_limit:``."""

_PLAIN = {"max_wait", "store", "wait_for_day", "cooldown_mode", "gateway", "safety_margin"}


@dataclass(frozen=True, slots=True)
class Layer:
    """The settings of one source; weaker layers supply what it leaves out.

    Attributes:
        role: ``run`` (the MassGen YAML), ``project`` or ``user``.
        block: Its settings.
        document: The parsed source, for locations.
    """

    role: str
    block: SettingsBlock
    document: Document

    @property
    def values(self) -> dict[str, Any]:
        """The keys that replace those of weaker layers as a whole."""
        return self.block.model_dump(include=_PLAIN, exclude_unset=True)


def is_wrapped(document: Document) -> bool:
    """Whether a settings file nests them under ``rate_limit:``, as a MassGen configuration does."""
    return isinstance(document.value, dict) and [*document.value] == [BLOCK]


def read_layer(document: Document, role: str) -> Layer:
    """Validate a layer.

    Raises:
        ConfigurationError: A key or value is invalid; the message names the location.
    """
    if role != "run" and is_wrapped(document):
        document = document.below(BLOCK)
    elif role != "run" and isinstance(document.value, dict) and BLOCK in document.value:
        raise wrong(document.place(BLOCK), "write all other keys below this one, or leave it out")
    if document.value is None:
        return Layer(role, SettingsBlock(), document)
    layer = Layer(role, checked(SettingsBlock, document), document)
    if role != "user" and layer.block.allow_stores:
        place = document.place("allow_stores")
        raise wrong(place, "this key counts in your own settings only; remove it here")
    if role != "user" and layer.block.budget.raised:
        place = document.place("budget", "raised")
        raise wrong(place, "a budget is raised in your own settings only; remove it here")
    if role != "user" and layer.block.record.model_fields_set - {"keep"}:
        place = document.place("record")
        raise wrong(
            place, "write true or false here; days, megabytes and file count in your own settings only"
        )
    return layer
