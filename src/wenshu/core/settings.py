"""One settings tree. Flags win over ``WENSHU_*`` variables, those over ``wenshu.toml``, that over the defaults here.

The setting ``a.b_c`` is the variable ``WENSHU_A_B_C`` and the key ``b_c`` of the table ``[a]`` in the file. The file is
the one named by ``WENSHU_CONFIG``, else ``./wenshu.toml``, else ``wenshu.toml`` in the data folder.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

MIB = 1024 * 1024
LEAST_SECRET = 16
"""Bytes below which a signature could be guessed."""


class Section(BaseModel):
    """One table of the file; an unknown key is an error, so that a typing mistake cannot pass for a setting."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ServerSettings(Section):
    """Where the server listens and what it takes."""

    host: str = Field(
        default="127.0.0.1", description="Address to listen on; any but loopback needs --trust-network or tokens."
    )
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(
        default=1, ge=1, le=64, description="Server processes on one socket; more than one needs PostgreSQL and Milvus."
    )
    public_url: str = Field(
        default="", description="Base of links in answers, e.g. https://wenshu.example.com; empty: host and port."
    )
    public_hosts: list[str] = Field(
        default=[], description="Host names, beside loopback, that a request may name (JSON list)."
    )
    trust_network: bool = Field(
        default=False, description="Let everybody who reaches the server call it without a token."
    )
    trusted_proxies: list[str] = Field(
        default=[], description="Networks of proxies whose X-Forwarded-For is believed (JSON list)."
    )
    max_json_bytes: int = Field(default=2 * MIB, ge=1024, description="Largest JSON body, bytes.")
    max_bulk_json_bytes: int = Field(
        default=32 * MIB, ge=1024, description="Largest JSON body of calls that carry documents, bytes."
    )
    max_file_bytes: int = Field(default=50 * MIB, ge=1024, description="Largest uploaded file, bytes.")
    max_files: int = Field(default=20, ge=1, le=1000, description="Most files in one upload.")
    stop_seconds: float = Field(
        default=10, ge=0, description="How long running calls may go on after a stop was asked for, seconds."
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for text in value:
            ip_network(text, strict=False)
        return value


class DatabaseSettings(Section):
    """Where the rows live."""

    url: SecretStr = Field(
        default=SecretStr(""), description="postgresql://user:password@host/name; empty: SQLite in the data folder."
    )
    pool_size: int = Field(default=8, ge=2, le=1000, description="Connections of one process.")
    wait_seconds: float = Field(default=30, gt=0, description="Longest wait for a free connection, seconds.")
    statement_seconds: float = Field(
        default=60, gt=0, description="Longest statement, or pause in a transaction, on PostgreSQL, seconds."
    )


class StorageSettings(Section):
    """Where the files live."""

    url: str = Field(
        default="", description="file:///folder or s3://bucket/prefix; empty: the folder objects/ in the data folder."
    )
    endpoint: str = Field(
        default="", description="S3 address, e.g. https://minio.example.com:9000; empty: AWS_ENDPOINT_URL or Amazon's."
    )
    region: str = Field(default="", description="S3 region; empty: AWS_REGION or us-east-1.")
    access_key_id: str = Field(default="", description="S3 key id; empty: AWS_ACCESS_KEY_ID or the machine's role.")
    secret_access_key: SecretStr = Field(
        default=SecretStr(""), description="S3 secret key; empty: AWS_SECRET_ACCESS_KEY or the machine's role."
    )
    path_style: bool = Field(
        default=True,
        description="The bucket stands in the path (MinIO); false: in the host name (OSS, COS).",
    )
    allow_http: bool = Field(default=False, description="Let an S3 endpoint be plain http://, not encrypted.")
    link_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Signs links to files, 16 bytes or more, one for all servers; empty: secret.key in the home.",
    )
    link_seconds: int = Field(default=7 * 86400, ge=60, description="How long a signed link to a file opens, seconds.")

    @field_validator("link_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value().encode()) < LEAST_SECRET:
            raise ValueError(f"a signing secret has {LEAST_SECRET} bytes or more")
        return value


class MilvusSettings(Section):
    """An outside index in place of the embedded one."""

    uri: str = Field(default="", description="Milvus address, e.g. http://milvus:19530; empty: the embedded index.")
    token: SecretStr = Field(default=SecretStr(""), description="Milvus token: user:password, or an API key.")
    prefix: str = Field(
        default="wenshu",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$",
        description="What our collections are named after.",
    )
    timeout_seconds: float = Field(default=10, gt=0, description="Longest wait for one answer of Milvus, seconds.")


class SearchSettings(Section):
    """Retrieval."""

    limit: int = Field(
        default=3, ge=1, le=200, description="Pieces that a chat answer reads where the call does not say."
    )
    vector_mib: int = Field(
        default=512, ge=16, description="Memory for vectors of an embedded or file index, MiB; beyond it they are read."
    )


def _http(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ValueError("must be an absolute http or https address")
    return value


_RATE = r"\d+/(second|minute|hour)"


class RateSettings(Section):
    """How often one tenant may call one family."""

    limit: str = Field(default="6000/minute", pattern=f"^{_RATE}$", description="Calls per tenant and family.")


class FamilySettings(Section):
    """What one family of calls may have otherwise."""

    rate_limit: str = Field(
        default="", pattern=f"^({_RATE})?$", description="Calls of this family per tenant; empty: rate.limit."
    )
    http_status: Literal["mirror", "always_200"] = Field(
        default="mirror", description="Status of its failures: the body's code, or 200 throughout."
    )


class FetchSettings(Section):
    """Requests to addresses that a caller named."""

    allow_hosts: list[str] = Field(
        default=[], description="Private hosts allowed: host, host:port or network (JSON list)."
    )
    timeout_seconds: float = Field(default=30, gt=0, description="Time for one address, redirects included, seconds.")
    max_bytes: int = Field(default=50 * MIB, ge=1024, description="Largest answer, bytes after decompression.")


class CorsSettings(Section):
    """Browsers of other origins."""

    origins: list[str] = Field(default=[], description="Origins that may call from a browser (JSON list).")


class LlmSettings(Section):
    """An OpenAI-compatible chat model; without one, answers are extractive."""

    url: str = Field(default="", description="Base URL, e.g. https://api.deepseek.com/v1.")
    model: str = Field(default="", description="Model name at that endpoint.")
    api_key: SecretStr = Field(default=SecretStr(""), description="Bearer key of that endpoint.")
    first_byte_seconds: float = Field(default=30, gt=0, description="Longest wait for the first piece, seconds.")
    between_bytes_seconds: float = Field(default=30, gt=0, description="Longest wait between two pieces, seconds.")


class EmbeddingSettings(Section):
    """An OpenAI-compatible embedder; without one, search goes by words."""

    url: str = Field(default="", description="Base URL, e.g. https://dashscope.aliyuncs.com/compatible-mode/v1.")
    model: str = Field(default="", description="Embedding model's name at that endpoint.")
    api_key: SecretStr = Field(default=SecretStr(""), description="Bearer key of that endpoint.")
    dimensions: int = Field(
        default=0, ge=0, le=65_536, description="Length of the vectors to ask for; 0: the model's own."
    )
    batch: int = Field(default=10, ge=1, le=2048, description="Texts in one request; Qwen takes 10, OpenAI 2048.")
    seconds: float = Field(default=60, gt=0, description="Longest wait for one request's answer, seconds.")


class ExternalSettings(Section):
    """Notes from outside (小红书), asked for by ``use_external_resource``."""

    url: str = Field(default="", description="Address of the connector; empty: there is none.")
    kind: Literal["mcp", "http"] = Field(
        default="mcp", description="mcp: a tool over streamable HTTP; http: POST of query and limit as JSON."
    )
    tool: str = Field(default="search_feeds", description="Name of the MCP tool that searches.")
    token: SecretStr = Field(default=SecretStr(""), description="Bearer token of the connector.")
    limit: int = Field(default=5, ge=1, le=20, description="Most notes in one answer.")
    timeout_seconds: float = Field(default=10, gt=0, le=120, description="Time for one search, seconds.")
    max_bytes: int = Field(default=MIB, ge=1024, description="Largest answer of one search, bytes.")

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        return _http(value)


class AuthSettings(Section):
    """Who may call."""

    open_families: Literal["", "trusted", "token"] = Field(
        default="", description="Calls without a token: trusted or token; empty: trusted on a loopback address."
    )
    access_seconds: int = Field(default=900, ge=60, le=86400, description="How long an access token lives, seconds.")
    refresh_seconds: int = Field(default=30 * 86400, ge=600, description="How long a refresh token lives, seconds.")
    oidc_issuer: str = Field(
        default="", description="OpenID Connect issuer whose tokens are taken, too, e.g. https://login.example.com."
    )
    oidc_audience: str = Field(default="", description="Audience that its tokens must name.")
    oidc_tenant_claim: str = Field(
        default="tenant_id", min_length=1, description="Its claim with the tenant's code; dots lead into objects."
    )
    oidc_org_claim: str = Field(default="org_code", min_length=1, description="Its claim with the organisation's code.")
    oidc_roles_claim: str = Field(
        default="roles", min_length=1, description="Its claim with the roles, a list or text."
    )
    oidc_tenant: str = Field(default="", description="Tenant of its tokens that name none; empty: they are refused.")


class AdminSettings(FamilySettings):
    """Administration, and the first administrator."""

    password: SecretStr = Field(
        default=SecretStr(""), description="Password of the first user, admin; empty: made once and printed."
    )


Preset = Literal["openai", "deepseek", "qwen", "doubao", "qianfan", "ollama", "vllm"]


class Upstream(Section):
    """A model vendor's endpoint that the gateway may ask; ``models`` are its models' names."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")
    preset: Preset = "openai"
    url: str = ""
    api_key: SecretStr = SecretStr("")
    models: list[str] = Field(min_length=1)


class GatewaySettings(FamilySettings):
    """Models that the gateway serves beside ``llm``."""

    upstreams: list[Upstream] = Field(
        default=[], description="Endpoints: name, preset, url, api_key, models (JSON list of objects)."
    )
    default: list[str] = Field(
        default=[],
        description="Models that `default` means, tried in turn (JSON list); empty: llm.model, else the first.",
    )
    attempts: int = Field(default=2, ge=1, le=10, description="Tries of one model before its first byte.")
    breaker_failures: int = Field(default=5, ge=1, le=1000, description="Failures in a row that rest a model.")
    breaker_seconds: float = Field(default=30, gt=0, description="How long a model rests, seconds.")
    token_seconds: int = Field(
        default=30 * 86400, ge=60, le=365 * 86400, description="How long a token of /oauth/2.0/token lives, seconds."
    )
    keep_days: int = Field(default=90, ge=1, le=3650, description="Days that single calls are kept; sums stay.")


class TimeSettings(Section):
    """Time on the wire."""

    zone: str = Field(default="Asia/Shanghai", description="IANA time zone of the times in answers.")

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"unknown time zone {value!r}") from error
        return value


class DocumentSettings(Section):
    """Reading documents, each in a child process."""

    memory_mib: int = Field(default=512, ge=128, description="Memory of one parse, MiB.")
    seconds: float = Field(default=20, gt=0, description="Time of one parse, seconds.")
    workers: int = Field(default=2, ge=1, le=64, description="Parses at the same time.")


class JobSettings(Section):
    """Durable work."""

    worker: bool = Field(default=True, description="Whether the server runs jobs itself; see --no-worker.")
    listen: str = Field(
        default="",
        pattern=r"^(|(\[[0-9a-fA-F:]+\]|[^:\s\[\]]+):\d{1,5})$",
        description="host:port where wenshu worker answers /livez, /readyz and /metrics; empty: nowhere.",
    )
    concurrency: int = Field(default=8, ge=1, le=1000, description="Jobs that one process runs at a time.")
    tenant_concurrency: int = Field(default=4, ge=1, le=1000, description="Jobs of one tenant that run at a time.")
    keep_days: int = Field(
        default=30, ge=1, le=3650, description="Days that finished jobs and their progress are kept."
    )


class MetricsSettings(Section):
    """Figures for Prometheus."""

    access: Literal["loopback", "token", "open"] = Field(
        default="loopback",
        description="Who reads GET /metrics without a token: this machine (loopback), nobody (token), all (open).",
    )
    token: SecretStr = Field(
        default=SecretStr(""), description="Bearer token for GET /metrics alone, 16 bytes or more; empty: none."
    )

    @field_validator("token")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value().encode()) < LEAST_SECRET:
            raise ValueError(f"a token has {LEAST_SECRET} bytes or more")
        return value


class TracingSettings(Section):
    """Spans for OpenTelemetry."""

    url: str = Field(
        default="", description="OTLP/HTTP address of a collector, e.g. http://otel:4318; empty: no spans are made."
    )
    sample: float = Field(default=1.0, ge=0, le=1, description="Share of traces that are sent, from 0 to 1.")

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        return _http(value)


class LogSettings(Section):
    """The log on standard error, one JSON object a line."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level written.")


class Settings(BaseSettings):
    """Everything that can be set. Build it with ``load``."""

    model_config = SettingsConfigDict(
        env_prefix="WENSHU_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # an input may be a secret
    )

    home: Annotated[Path, Field(description="The one data folder.")] = Path("wenshu-home")
    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    storage: StorageSettings = StorageSettings()
    milvus: MilvusSettings = MilvusSettings()
    search: SearchSettings = SearchSettings()
    rate: RateSettings = RateSettings()
    fetch: FetchSettings = FetchSettings()
    cors: CorsSettings = CorsSettings()
    llm: LlmSettings = LlmSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    external: ExternalSettings = ExternalSettings()
    auth: AuthSettings = AuthSettings()
    admin: AdminSettings = AdminSettings()
    accounts: FamilySettings = FamilySettings()
    assistant: FamilySettings = FamilySettings()
    gateway: GatewaySettings = GatewaySettings()
    forms: FamilySettings = FamilySettings()
    time: TimeSettings = TimeSettings()
    documents: DocumentSettings = DocumentSettings()
    jobs: JobSettings = JobSettings()
    metrics: MetricsSettings = MetricsSettings()
    tracing: TracingSettings = TracingSettings()
    log: LogSettings = LogSettings()

    def families(self) -> dict[str, FamilySettings]:
        """The families that have settings of their own, by name."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: section for name, section in found.items() if isinstance(section, FamilySettings)}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then the environment, then the file; no .env and no secrets folder."""
        del dotenv_settings, file_secret_settings
        flags = init_settings()
        return (init_settings, env_settings, InitSettingsSource(settings_cls, init_kwargs=read_file(flags)))


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting for people: dotted name, printable value (secrets hidden), where it came from, what it is for."""

    name: str
    value: str
    source: str
    description: str


def load(flags: Mapping[str, Any] | None = None) -> Settings:
    """The settings now in force; ``flags`` is a nested mapping such as ``{"server": {"port": 9000}}``.

    Raises ``pydantic.ValidationError`` or ``ValueError`` naming what is wrong.
    """
    return Settings(**(dict(flags) if flags else {}))


def config_file(flags: Mapping[str, Any]) -> Path | None:
    """The file that is read, or None where there is none."""
    named = os.environ.get("WENSHU_CONFIG")
    if named:
        return Path(named)
    home = Path(str(flags.get("home") or os.environ.get("WENSHU_HOME") or "wenshu-home"))
    return next((path for path in (Path("wenshu.toml"), home / "wenshu.toml") if path.is_file()), None)


def read_file(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The file's tables, empty where there is no file."""
    path = config_file(flags)
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read {path}: {error}") from error


def show(settings: Settings, flags: Mapping[str, Any] | None = None) -> Iterator[Shown]:
    """Each setting with its value and its source, in the order of the tree."""
    layers = (
        ("flag", dict(flags or {})),
        ("environment", EnvSettingsSource(Settings)()),
        (f"file {config_file(flags or {})}", read_file(flags or {})),
    )
    for section, field in Settings.model_fields.items():
        value = getattr(settings, section)
        if not isinstance(value, Section):
            source = next((name for name, layer in layers if section in layer), "default")
            yield Shown(section, str(value), source, field.description or "")
            continue
        for key, inner in type(value).model_fields.items():
            source = next((name for name, layer in layers if key in (layer.get(section) or {})), "default")
            yield Shown(f"{section}.{key}", _printable(getattr(value, key)), source, inner.description or "")


def _printable(value: object) -> str:
    if isinstance(value, SecretStr):
        return _hidden(value.get_secret_value())
    return "" if value is None else str(value)


def _hidden(secret: str) -> str:
    """An address keeps all but its passwords, any other secret shows only that it is set."""
    if not secret:
        return ""
    if "://" not in secret:
        return "******"
    # To the last @, as a password may hold anything: rather too much is hidden than too little.
    shown = re.sub(r"(?<=://)([^:/@]*):.*@", r"\1:******@", secret)
    return re.sub(r"(?i)(password=)[^&]*", r"\1******", shown)
