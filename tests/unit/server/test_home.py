import os

import pytest

from wenshu.server.home import Home, HomeInUse


def test_one_server_owns_a_home(tmp_path):
    first, second = Home(tmp_path / "home"), Home(tmp_path / "home")
    first.acquire()
    with pytest.raises(HomeInUse):
        second.acquire()
    assert second.running() is None
    first.announce("http://127.0.0.1:1")
    running = second.running()
    assert running is not None
    assert (running.pid, running.url) == (os.getpid(), "http://127.0.0.1:1")
    first.release()
    assert second.running() is None
    second.acquire()
    second.release()


def test_what_a_killed_server_left_behind_does_not_count(tmp_path):
    home = Home(tmp_path)
    home.acquire()
    home.announce("http://127.0.0.1:1")
    os.close(home._lock)
    assert Home(tmp_path).running() is None


def test_who_inherits_the_lock_holds_the_home(tmp_path):
    parent = Home(tmp_path)
    parent.acquire()
    inherited = os.dup(parent.lock)
    parent.release()
    assert Home(tmp_path).owned()
    with pytest.raises(HomeInUse):
        Home(tmp_path).acquire()
    os.close(inherited)
    assert not Home(tmp_path).owned()


def test_a_home_that_nobody_made_has_no_owner(tmp_path):
    home = Home(tmp_path / "none")
    assert not home.owned()
    with pytest.raises(RuntimeError):
        _ = home.lock
