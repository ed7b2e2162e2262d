"""Why a move does not begin, or does not end well; the messages are for the operator."""


class MoveFailed(Exception):
    """The move cannot be made, or the target is not what the source is; the message says what to do."""


class NotTheSame(MoveFailed):
    """The target differs from the source after everything was copied."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"核对不一致：{what}。若源数据在搬迁开始后改动过，请清空目标后重新搬迁。"
            f"{what} differs. If the source was changed since the move began, empty the target and move again."
        )
