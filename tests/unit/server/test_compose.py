import pytest

from wenshu.core.settings import load
from wenshu.server.compose import Misconfigured, check_supported, trusts


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def test_loopback_trusts_by_default():
    assert trusts(load())
    assert trusts(load({"server": {"host": "::1"}}))


@pytest.mark.parametrize("host", ["10.0.0.2", "::", "10.0.0.1", "wenshu.example.com"])
def test_other_addresses_need_a_word(host):
    with pytest.raises(Misconfigured, match="--trust-network"):
        trusts(load({"server": {"host": host}}))
    with pytest.raises(Misconfigured, match="--trust-network"):
        trusts(load({"server": {"host": host}, "auth": {"open_families": "trusted"}}))
    assert trusts(load({"server": {"host": host, "trust_network": True}}))
    assert not trusts(load({"server": {"host": host}, "auth": {"open_families": "token"}}))


@pytest.mark.parametrize(
    "flags",
    [
        {"database": {"url": "postgresql+asyncpg://h/d"}},
        {"database": {"url": "mysql://h/d"}},
        {"storage": {"url": "gs://b"}},
        {"storage": {"url": "s3://bucket", "endpoint": "http://minio:9000"}},
        {"llm": {"url": "http://m"}},
        {"llm": {"model": "m"}},
        {"embedding": {"url": "http://m"}},
        {"embedding": {"model": "m"}},
        {"embedding": {"url": "m:8000/v1", "model": "m"}},
        {"embedding": {"url": "http://m", "model": "m", "api_key": "密钥"}},
        {"fetch": {"allow_hosts": ["http://a b"]}},
        {"admin": {"password": "short"}},
        {"auth": {"oidc_issuer": "https://login.example.com"}},
        {"auth": {"oidc_audience": "wenshu"}},
        {"auth": {"oidc_issuer": "http://login.example.com", "oidc_audience": "wenshu"}},
        {"auth": {"oidc_issuer": "ldap://login.example.com", "oidc_audience": "wenshu"}},
    ],
)
def test_what_this_release_cannot_do_is_refused_not_ignored(flags):
    with pytest.raises(Misconfigured):
        check_supported(load(flags))


def test_the_defaults_are_supported():
    check_supported(load())


def test_several_processes_need_postgresql_and_milvus():
    several = {"server": {"workers": 2}}
    with pytest.raises(Misconfigured, match="WENSHU_DATABASE_URL"):
        check_supported(load(several))
    on_postgresql = {**several, "database": {"url": "postgresql://h/d"}}
    with pytest.raises(Misconfigured, match="WENSHU_MILVUS_URI"):
        check_supported(load(on_postgresql))
    check_supported(load({**on_postgresql, "milvus": {"uri": "http://127.0.0.1:19530"}}))
