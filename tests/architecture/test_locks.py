"""What is installed is pinned by hash, and from wherever the machine's own registry is."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "benchmarks/peers"
LOCKS = sorted([*(ROOT / "requirements").glob("*.lock"), *PEERS.glob("*.lock")])


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_locks_hold_hashes_and_no_addresses(lock):
    text = lock.read_text("utf-8")
    assert "://" not in text
    assert "index-url" not in text
    packages = [part for part in text.split("\n\n")[0].replace("\\\n", "").splitlines() if part[:1].isalnum()]
    assert packages
    assert all("==" in package and "--hash=sha256:" in package for package in packages)


def test_every_peer_is_locked():
    assert {path.stem for path in PEERS.glob("*.in")} == {path.stem for path in PEERS.glob("*.lock")}
