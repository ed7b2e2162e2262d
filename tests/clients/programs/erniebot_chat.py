"""erniebot with an access token."""

import json
import os

import erniebot

erniebot.api_type = "qianfan"
erniebot.access_token = os.environ["TOKEN"]
ask = [{"role": "user", "content": "你好"}]
whole = erniebot.ChatCompletion.create(model="ernie-3.5", messages=ask).get_result()
stream = [one.get_result() for one in erniebot.ChatCompletion.create(model="ernie-4.0", messages=ask, stream=True)]
print(json.dumps({"whole": whole, "stream": stream}))
