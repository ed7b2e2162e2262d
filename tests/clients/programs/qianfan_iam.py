"""What Qianfan's SDK does with an IAM key alone: v2, and system memory."""

import json

import qianfan
from qianfan import resources

v2 = qianfan.ChatCompletion(version="2")
whole = v2.do(model="ernie-4.0-turbo-8k", messages=[{"role": "user", "content": "你好"}])
made = resources.console.utils.call_action("/v2/memory", "CreateSystemMemory", {"appId": "1", "description": "小文"})
print(json.dumps({"v2": whole["choices"][0]["message"]["content"], "memory": made["result"]}))
