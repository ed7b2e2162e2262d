"""The gateway composed: the models that the settings name, behind their breakers, and who counts what they cost."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

from wenshu.core.auth.audit import Audit
from wenshu.core.database.engine import Database, DatabaseUnavailable
from wenshu.core.llm.failover import Breaker, Guarded
from wenshu.core.llm.openai import OpenAIChatModel
from wenshu.core.llm.port import Embedder, Relay
from wenshu.core.llm.presets import PRESETS
from wenshu.core.settings import Settings, Upstream
from wenshu.knowledge.reply import Replier
from wenshu.knowledge.sources import Sources
from wenshu.server.library import Library
from wenshu.services.gateway.metering import Meter
from wenshu.services.gateway.models import DEFAULT, EXTRACTIVE, Models
from wenshu.services.gateway.parts import Gateway
from wenshu.services.gateway.setups import Setups


@asynccontextmanager
async def gateway(
    settings: Settings, database: Database, audit: Audit, material: Library, embedder: Embedder | None
) -> AsyncGenerator[Gateway]:
    """The gateway's parts; what calls have cost is written down to the last one."""
    zone = ZoneInfo(settings.time.zone)
    known = models(settings)
    meter = Meter(database, zone, timedelta(days=settings.gateway.keep_days))
    parts = Gateway(
        database=database,
        audit=audit,
        models=known,
        embedder=embedder,
        searcher=material.searcher,
        extracting=Replier(material.searcher, Sources(material.catalog)),
        setups=Setups(database),
        meter=meter,
        token_lifetime=timedelta(seconds=settings.gateway.token_seconds),
        pieces=settings.search.limit,
        zone=zone,
    )
    writing = asyncio.create_task(meter.run())
    try:
        yield parts
    finally:
        writing.cancel()
        await asyncio.wait([writing])
        await known.close()
        await _written(meter)


async def _written(meter: Meter) -> None:
    try:
        await meter.flush()
    except DatabaseUnavailable:
        return  # it has told the log; the process ends all the same


def models(settings: Settings) -> Models:
    """The models of ``llm`` and of the gateway's upstreams: each as ``upstream/model``, and as ``model`` alone.

    Where two upstreams have a model of one name, the first one has it. Raises ValueError for an address or a key that
    cannot be one, for a name that is taken, and for a default that nobody has.
    """
    found: dict[str, Guarded] = {}
    if settings.llm.url:
        llm = Upstream(name="llm", url=settings.llm.url, api_key=settings.llm.api_key, models=[settings.llm.model])
        found[settings.llm.model] = _guarded(settings, llm, settings.llm.model)
    names = [upstream.name for upstream in settings.gateway.upstreams]
    if len(set(names)) < len(names):
        raise ValueError("两个 upstream 同名。Two upstreams have the same name.")
    for upstream in settings.gateway.upstreams:
        for model in upstream.models:
            if model in {DEFAULT, EXTRACTIVE}:
                raise ValueError(f"模型不能叫 {model}。No model can have this name.")
            found[f"{upstream.name}/{model}"] = guarded = _guarded(settings, upstream, model)
            found.setdefault(model, guarded)
    first = next(iter(found), EXTRACTIVE)
    known = Models(found, settings.gateway.default or (first,))
    unknown = [name for name in known.default if not known.known(name)]
    if unknown:
        raise ValueError(f"没有这个模型：{unknown[0]}。There is no such model.")
    return known


def model_settings_fault(settings: Settings) -> str:
    """What is wrong with the settings of models, in words; empty where nothing is."""
    try:
        models(settings)
    except ValueError as error:
        return str(error)
    return ""


def _guarded(settings: Settings, upstream: Upstream, model: str) -> Guarded:
    gate = settings.gateway
    return Guarded(_relay(settings, upstream, model), Breaker(gate.breaker_failures, gate.breaker_seconds))


def _relay(settings: Settings, upstream: Upstream, model: str) -> Relay:
    preset = PRESETS[upstream.preset]
    return OpenAIChatModel(
        upstream.url or preset.url,
        model,
        upstream.api_key.get_secret_value(),
        first_byte_timeout=settings.llm.first_byte_seconds,
        between_bytes_timeout=settings.llm.between_bytes_seconds,
        attempts=settings.gateway.attempts,
        tells_usage=preset.tells_usage,
    )
