"""The dialect of operations: the one of reports, whose paths it stands under."""

from wenshu.web.coded import CodedDialect


class OperationsDialect(CodedDialect):
    """``{"code","message","data"}``."""

    def __init__(self) -> None:
        super().__init__("operations")
