"""Why a backup is not made or not put back; the messages are for the operator."""


class BackupFailed(Exception):
    """There is no backup, and no file under its name; the message says why."""


class RestoreFailed(Exception):
    """Nothing that could be served was put back; the message says why, and what to do."""


class Damaged(RestoreFailed):
    """The file is not what was written."""

    def __init__(self, what: str) -> None:
        super().__init__(f"备份文件已损坏或不完整 The backup is damaged or incomplete: {what}")
