"""What is installed is pinned by hash, and from wherever the machine's own registry is."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "benchmarks/peers"
CLIENTS = ROOT / "tests/clients"
LOCKS = sorted([*(ROOT / "requirements").glob("*.lock"), *PEERS.glob("*.lock"), *CLIENTS.glob("*.lock")])


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_locks_hold_hashes_and_no_addresses(lock):
    text = lock.read_text("utf-8")
    assert "://" not in text
    assert "index-url" not in text
    packages = [part for part in text.split("\n\n")[0].replace("\\\n", "").splitlines() if part[:1].isalnum()]
    assert packages
    assert all("==" in package and "--hash=sha256:" in package for package in packages)


@pytest.mark.parametrize("folder", [PEERS, CLIENTS], ids=["peers", "clients"])
def test_every_peer_and_client_is_locked(folder):
    assert {path.stem for path in folder.glob("*.in")} == {path.stem for path in folder.glob("*.lock")}
