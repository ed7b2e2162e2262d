"""Qianfan's SDK: chat, async, stream, functions, embeddings; with what the environment says it authenticates by."""

import asyncio
import json

import qianfan

chat = qianfan.ChatCompletion()
ask = [{"role": "user", "content": "你好"}]
functions = [{"name": "weather", "description": "天气", "parameters": {"type": "object", "properties": {}}}]
told = {"whole": chat.do(model="ERNIE-4.0-8K", messages=ask)["result"]}
told["stream"] = [one["result"] for one in chat.do(model="ERNIE-4.0-8K", messages=ask, stream=True)]


async def later():
    whole = await chat.ado(model="ERNIE-3.5-8K", messages=ask)
    stream = [one["result"] async for one in await chat.ado(model="ERNIE-3.5-8K", messages=ask, stream=True)]
    return whole["result"], stream


told["async"], told["async stream"] = asyncio.run(later())
called = chat.do(model="ERNIE-4.0-8K", messages=[{"role": "user", "content": "天气"}], functions=functions)
told["function"] = called["function_call"]["name"]
told["vectors"] = [len(one["embedding"]) for one in qianfan.Embedding().do(texts=["年假", "报销"])["data"]]
print(json.dumps(told))
