"""``wenshu backup`` and ``wenshu restore``: all that a server holds, in one file, and back again."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from wenshu.cli.output import fail, note, say
from wenshu.cli.progress import shown
from wenshu.cli.settings import read_settings
from wenshu.core.settings import Settings
from wenshu.kit import clock
from wenshu.kit.errors import WenshuError
from wenshu.server.home import HomeInUse

if TYPE_CHECKING:
    from wenshu.server.backup.manifest import Manifest

_STAGES = {
    "verify": "校验备份 Verifying",
    "rows": "数据 Rows",
    "compare-rows": "核对数据 Comparing rows",
    "files": "文件 Files",
    "compare-files": "核对文件 Comparing files",
    "index": "建立索引 Index",
}
DataFolder = Annotated[Path | None, typer.Option("--home", help="数据目录 Data folder.")]


def backup(
    to: Annotated[Path, typer.Argument(help="备份文件，或存放它的目录 The file to write, or a folder for it.")],
    home: DataFolder = None,
) -> None:
    """备份全部数据与文件，服务器可照常运行 Back up everything, also beside a running server."""
    # What the other commands need not wait for.
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 (see above)

    from wenshu.server import logs  # noqa: PLC0415 (see above)
    from wenshu.server.backup.backup import Outcome, back_up  # noqa: PLC0415 (see above)
    from wenshu.server.backup.faults import BackupFailed  # noqa: PLC0415 (see above)

    settings = _settings(home)
    logs.configure("error")  # what is wrong is told here, not in a log
    path = to / f"wenshu-{_now(settings)}.zip" if to.is_dir() else to
    outcome = Outcome()
    try:
        asyncio.run(shown(back_up(settings, path, outcome), _STAGES))
    except (BackupFailed, WenshuError, DBAPIError, OSError) as error:
        fail(f"备份未完成，没有生成文件 No backup was made: {_words(error)}")
    manifest = outcome.manifest
    assert manifest is not None  # noqa: S101 (it ended well)
    say(str(path))
    note(f"备份完成 Backed up: {_contents(manifest)}")
    _tell_unsound(manifest)
    note(
        "备份含密码摘要、签名密钥与全部内容，已设为仅本人可读（0600），请按机密保管。"
        "It holds password hashes, signing keys and all content: keep it secret."
    )
    if not manifest.has_secret:
        note("链接的签名密钥在配置里，不在备份中，请另行保管 WENSHU_STORAGE_LINK_SECRET is not inside: keep it, too.")


def restore(
    file: Annotated[Path, typer.Argument(help="备份文件 The file.")],
    home: DataFolder = None,
) -> None:
    """把备份恢复到空的数据目录与数据库，先校验、后核对 Put a backup into an empty place, verified and compared."""
    # What the other commands need not wait for.
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 (see above)

    from wenshu.server import logs  # noqa: PLC0415 (see above)
    from wenshu.server.backup.faults import RestoreFailed  # noqa: PLC0415 (see above)
    from wenshu.server.backup.restore import Outcome  # noqa: PLC0415 (see above)
    from wenshu.server.backup.restore import restore as put_back  # noqa: PLC0415 (see above)

    settings = _settings(home)
    logs.configure("error")  # what is wrong is told here, not in a log
    outcome = Outcome()
    try:
        asyncio.run(shown(put_back(settings, file, outcome), _STAGES))
    except RestoreFailed as error:
        fail(f"未恢复 Not restored: {error}")
    except HomeInUse as error:
        fail(f"请先停止服务器：{error}\nStop the server first: it owns the data folder.")
    except (WenshuError, DBAPIError, OSError) as error:
        fail(f"恢复中断，排除原因后重新运行 Interrupted, mend it and run it again: {_words(error)}")
    manifest = outcome.manifest
    assert manifest is not None  # noqa: S101 (it ended well)
    say(f"恢复完成，核对一致 Restored and compared: {_contents(manifest)}")
    _tell_unsound(manifest)
    if not manifest.has_secret:
        note("请设置原来的 WENSHU_STORAGE_LINK_SECRET，否则此前发出的文件链接失效 Set the former secret.")
    if outcome.index_fault:
        fail(f"数据已恢复，索引尚未建立：排除原因后运行 wenshu reindex The index is missing: {outcome.index_fault}")


def _settings(home: Path | None) -> Settings:
    from wenshu.server.compose import Misconfigured, check_supported  # noqa: PLC0415 (the other commands need not wait)

    settings = read_settings(home)
    try:
        check_supported(settings)
    except Misconfigured as error:
        fail(str(error))
    return settings


def _now(settings: Settings) -> str:
    return clock.now().astimezone(ZoneInfo(settings.time.zone)).strftime("%Y%m%d-%H%M%S")


def _contents(manifest: "Manifest") -> str:
    files = manifest.files
    counted = f"{len(manifest.tables)} 张表 {manifest.rows:,} 行，{files.count:,} 个文件 {files.size:,} 字节"
    return f"{counted} {manifest.rows:,} rows, {files.count:,} files ({manifest.release}, {manifest.created_at})"


def _tell_unsound(manifest: "Manifest") -> None:
    for found, what in (
        (manifest.files.missing, "缺失 missing"),
        (manifest.files.damaged, "与记录不符 not what their rows say"),
    ):
        if found:
            note(f"{len(found)} 个文件在存储中已{what}: {', '.join(found[:20])}")


def _words(error: Exception) -> str:
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 (the other commands need not wait)

    from wenshu.core.database.engine import DatabaseUnavailable, driver_words  # noqa: PLC0415 (see above)
    from wenshu.core.storage.errors import StorageUnavailable  # noqa: PLC0415 (see above)

    if isinstance(error, DBAPIError):
        return driver_words(error)
    if isinstance(error, DatabaseUnavailable):
        return f"{error.message} ({error.reason})"
    if isinstance(error, StorageUnavailable):
        return f"{error.message} ({error.detail})"
    if isinstance(error, OSError):
        return f"{error.strerror or error} {error.filename or ''}".strip()
    return str(error)
