"""llama-index-llms-qianfan."""

import json
import os

from llama_index.core.base.llms.types import ChatMessage
from llama_index.llms.qianfan import Qianfan

url = f"{os.environ['QIANFAN_BASE_URL']}/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions_pro"
llm = Qianfan(
    access_key=os.environ["QIANFAN_ACCESS_KEY"],
    secret_key=os.environ["QIANFAN_SECRET_KEY"],
    model_name="ERNIE-4.0-8K",
    endpoint_url=url,
    context_window=8192,
)
ask = [ChatMessage(role="user", content="你好")]
print(json.dumps({"whole": llm.chat(ask).message.content, "stream": [one.delta for one in llm.stream_chat(ask)]}))
