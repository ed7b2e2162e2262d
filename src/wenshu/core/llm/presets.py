"""Vendors of models: where they are, and what they take beside OpenAI's own."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """``url`` empty: it has to be named. ``tells_usage``: takes ``stream_options`` and tells what an answer cost."""

    url: str
    tells_usage: bool = True


PRESETS: Mapping[str, Preset] = {
    "openai": Preset(""),
    "deepseek": Preset("https://api.deepseek.com/v1"),
    "qwen": Preset("https://dashscope.aliyuncs.com/compatible-mode/v1"),
    "doubao": Preset("https://ark.cn-beijing.volces.com/api/v3"),
    "qianfan": Preset("https://qianfan.baidubce.com/v2"),
    "ollama": Preset("http://127.0.0.1:11434/v1"),
    "vllm": Preset("http://127.0.0.1:8000/v1"),
}
