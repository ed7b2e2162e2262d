"""langchain-community's QianfanChatEndpoint."""

import json
import warnings

warnings.simplefilter("ignore")
from langchain_community.chat_models import QianfanChatEndpoint  # noqa: E402
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage  # noqa: E402

chat = QianfanChatEndpoint(model="ERNIE-4.0-8K")
turns = [SystemMessage("你是小文"), HumanMessage("你好"), AIMessage("好"), HumanMessage("再说一遍")]
print(json.dumps({"whole": chat.invoke(turns).content, "stream": [one.content for one in chat.stream(turns)]}))
