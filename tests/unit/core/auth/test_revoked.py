import os
from datetime import timedelta

from unit.core.auth.conftest import LIFETIME
from wenshu.core.auth.board import Board, new_board
from wenshu.core.auth.revoked import Revocations, family, tenant, user
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock


async def revoke(database, revocations, subject):
    async with database.write(EVERYTHING) as tx:
        await revocations.revoke(tx, Scope("t"), subject)


async def test_what_was_issued_before_is_void_and_what_comes_after_is_not(database, revocations):
    before = clock.now()
    await revoke(database, revocations, family("f"))
    assert await revocations.voids((family("f"), user("u")), before)
    assert not await revocations.voids((family("g"), user("u")), before)
    assert not await revocations.voids((family("f"),), clock.now() + timedelta(microseconds=1))


async def test_another_process_learns_of_it(database, revocations):
    before = clock.now()
    await revoke(database, revocations, tenant("x" * 128))
    assert await Revocations(database, LIFETIME).voids((tenant("x" * 128),), before)


async def test_a_later_revocation_is_not_shortened_by_an_earlier_one(database, revocations):
    await revoke(database, revocations, user("u"))
    between = clock.now()
    await revoke(database, revocations, user("u"))
    other = Revocations(database, LIFETIME)
    assert await other.voids((user("u"),), between)
    assert await revocations.voids((user("u"),), between)


async def test_what_has_expired_anyway_is_forgotten(database):
    short = Revocations(database, timedelta(microseconds=1))
    await revoke(database, short, user("u"))
    assert not await Revocations(database, timedelta(microseconds=1)).voids((user("u"),), clock.now())


async def test_who_shares_a_board_knows_at_once(database, tmp_path):
    descriptor = new_board(tmp_path)
    board = Board(descriptor)
    here, there = (Revocations(database, LIFETIME, board) for _ in range(2))
    before = clock.now()
    assert not await there.voids((user("u"),), before)
    await revoke(database, here, user("u"))
    assert await there.voids((user("u"),), before)
    board.close()
    os.close(descriptor)
