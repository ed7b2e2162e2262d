"""Change one's own password."""

from sqlalchemy import select, update

from wenshu.core.auth.passwords import check_length
from wenshu.core.auth.principal import Principal
from wenshu.core.auth.tables import users
from wenshu.core.database.scope import EVERYTHING
from wenshu.kit import clock
from wenshu.kit.errors import Forbidden, InvalidInput, Unauthenticated
from wenshu.services.accounts import renew
from wenshu.services.accounts.parts import Accounts
from wenshu.services.accounts.schemas import NewPassword, Tokens
from wenshu.web.trail import Trail


async def change(parts: Accounts, principal: Principal, trail: Trail, said: NewPassword) -> Tokens:
    """Fresh tokens; all earlier ones of the user are void.

    Raises Forbidden for a caller that is no user, InvalidInput for a wrong old or an unfit new password, and
    RateLimited as a login does: whoever found an open session must not guess on.
    """
    if principal.user_id is None:
        raise Forbidden("此凭证不属于某个用户")
    check_length(said.new_password, field="new_password")
    async with parts.database.read(EVERYTHING) as tx:
        user = await tx.first(select(users).where(users.c.id == principal.user_id, EVERYTHING.sees(users)))
    if user is None:
        raise Unauthenticated
    async with parts.attempts.turn(user.username, trail.address):
        if not await parts.passwords.matches(user.password_hash, said.old_password):
            await parts.attempts.failed(user.username, trail.address)
            raise InvalidInput("原密码错误", field="old_password")
    if said.new_password == said.old_password:
        raise InvalidInput("新密码与原密码相同", field="new_password")
    hashed = await parts.passwords.hash(said.new_password, field="new_password")
    async with parts.database.write(EVERYTHING) as tx:
        # Only while the old one stands: of two changes at once the second is not made.
        unchanged = users.c.id == user.id, users.c.password_hash == user.password_hash, EVERYTHING.sees(users)
        changed = update(users).where(*unchanged).values(password_hash=hashed, updated_at=clock.now())
        if not await tx.run(changed):
            raise InvalidInput("原密码错误", field="old_password")
        await renew.end_user(parts, tx, user)
        await parts.audit.record(tx, renew.entry_of(trail, "password.change", user))
    return await renew.begin(parts, trail, user.id, hashed, "密码已修改")
