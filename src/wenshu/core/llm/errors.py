"""What can go wrong with a model, in one error."""

from typing import Literal

from wenshu.kit.errors import Unavailable

Reason = Literal[
    "connect", "timeout", "rate_limited", "rejected", "cut", "garbage", "count", "dimension", "number", "resting"
]

MESSAGES: dict[Reason, str] = {
    "connect": "无法连接模型服务",
    "timeout": "模型服务响应超时",
    "rate_limited": "模型服务繁忙，请稍后再试",
    "rejected": "模型服务拒绝了请求",
    "cut": "模型服务的回答中断",
    "garbage": "模型服务的回答无法识别",
    "count": "模型服务返回的向量数量不符",
    "dimension": "模型服务返回的向量维度不符",
    "number": "模型服务返回的向量含有无效数值",
    "resting": "模型服务连续失败，暂停调用，请稍后再试",
}
"""Stable reason → what people read."""


class ModelUnavailable(Unavailable):
    """The model gave no whole answer; ``status`` is the upstream's HTTP status where it sent one.

    Nothing that the upstream wrote is carried along: providers echo keys and prompts in their errors.
    """

    code = "model_unavailable"
    default_message = "模型服务暂不可用"

    def __init__(self, reason: Reason, *, status: int | None = None) -> None:
        super().__init__(MESSAGES[reason])
        self.reason: Reason = reason
        self.status = status
