"""`make demo`: every service once, on the sample material; what it shows is also left in demo-output/."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OUTPUT = HERE.parent / "demo-output"
WENSHU = Path(sys.executable).parent / "wenshu"
PASSWORD = "demo-Passw0rd"  # noqa: S105 (of a server that is gone when the demo ends)


class Demo:
    """One run against one server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.lines: list[str] = []

    def show(self, text: str = "") -> None:
        """Print a line and keep it for the report."""
        print(text, flush=True)
        self.lines.append(text)

    def events(self, path: str, body: dict[str, object], credential: str = "") -> Iterator[dict[str, Any]]:
        """POST JSON; the events of a streamed answer, or the one object of another."""
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {credential}"} if credential else {}
        )
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)  # noqa: S310 (the demo's own server)
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 (the demo's own server)
            for line in answer:
                if line.startswith((b"data: ", b"{")):
                    yield json.loads(line.removeprefix(b"data: "))

    def ask(self, question: dict[str, str | None]) -> bool:
        """Ask one question as the console does; whether the answer is what the material says."""
        mode, expected = str(question["mode"]), question["expect"]
        self.show(f"\n问（{mode}）{question['question']}")
        body: dict[str, object] = {"user_id": "demo", "question": question["question"], "chat_mode": mode}
        started = time.perf_counter()
        *_, last = self.events("/chat_service/chat", body)
        took = (time.perf_counter() - started) * 1000
        self.show(last["content"])
        for citation in last["citations"]:
            place = f"第 {citation['page']} 页" if citation["page"] else citation["heading"]
            self.show(f"  [{citation['marker']}] {citation['name']} {place}".rstrip())
        for passage in (last["nearest"] or {}).get("passages", ()):
            self.show(f"  相近：{passage['name']} {' '.join(passage['text'].split())[:60]}…")
        for suggestion in last["suggested_questions"]:
            self.show(f"  可继续问：{suggestion}")
        right = expected in last["content"] if expected else mode != "general" or not last["citations"]
        self.show(f"  {'✓' if right else '✗ 与材料不符'}  {took:.0f} ms")
        return right

    def keep(self, name: str) -> None:
        """Write what was shown since the last page to ``demo-output/NAME.md``."""
        page = OUTPUT / f"{name}.md"
        page.write_text("\n".join(self.lines) + "\n", "utf-8")
        self.lines.clear()
        print(f"\n以上内容已写入 Written to {page}\n", flush=True)

    def search(self, query: str) -> None:
        """Search the library and show the best hits."""
        body: dict[str, object] = {"query": query, "collection_type": "DOC", "limit": 3}
        (answer,) = self.events("/vector_db_service/search_from_vector_db", body)
        self.show(f"\n检索：{query}")
        for hit in answer["data"]["entities"][0]:
            self.show(f"  {hit['score']:.2f}  {hit['doc_name']}  {' '.join(hit['content'].split())[:40]}…")


def main() -> int:
    """Run it; 0 where every answer was right."""
    OUTPUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="wenshu-demo-") as home:
        env = {**os.environ, "WENSHU_HOME": home, "WENSHU_LOG_LEVEL": "warning", "WENSHU_ADMIN_PASSWORD": PASSWORD}
        server = subprocess.Popen([WENSHU, "serve", "--port", "0"], env=env, stdout=subprocess.PIPE, text=True)
        try:
            ready = next((line for line in server.stdout or () if "/console/" in line), "")
            return run(Demo(ready.split()[-1].removesuffix("/console/")), env) if ready else 1
        finally:
            server.terminate()
            server.wait()


def assistant(demo: Demo, env: dict[str, str]) -> bool:
    """Material in, questions answered, drafts written."""
    demo.show("素材库与对话 Library and chat")
    for kind, path in (("docs", HERE / "material"), ("qa", HERE / "qa.csv")):
        imported = subprocess.run([WENSHU, "import", kind, path], env=env, check=False, capture_output=True, text=True)
        demo.show(imported.stdout.strip())
    demo.search("售后保修多久")
    questions = json.loads((HERE / "questions.json").read_text("utf-8"))
    right = sum([demo.ask(question) for question in questions])
    demo.show(f"\n{right}/{len(questions)} 个回答与材料相符 answers agree with the material")
    return right == len(questions)


def accounts(demo: Demo, env: dict[str, str]) -> str:
    """Sign in as the administrator, and make a key of a tenant; the key."""
    demo.show("登录与密钥 Sign-in and keys")
    (session,) = demo.events("/api/login", {"username": "admin", "password": PASSWORD})
    demo.show(f"{session['message']}，令牌 {session['expires_in']} 秒内有效 the token's seconds")
    made = subprocess.run([WENSHU, "key", "create", "演示"], env=env, check=True, capture_output=True, text=True)
    demo.show(made.stdout.rpartition("API Key")[0].rstrip())
    return made.stdout.split()[-1]


def forms(demo: Demo, key: str) -> bool:
    """Sentences in, forms out."""
    demo.show("表单提取 Form extraction")
    right = 0
    sentences: list[dict[str, Any]] = json.loads((HERE / "forms.json").read_text("utf-8"))
    for sentence in sentences:
        body: dict[str, object] = {name: sentence[name] for name in ("form_code", "utterance", "reference_time")}
        (answer,) = demo.events("/api/v1/task/form-extraction", body, key)
        right += answer.get("result") == sentence["expect"]
        demo.show(f"\n{sentence['utterance']}\n  {json.dumps(answer, ensure_ascii=False)}")
    demo.show(f"\n{right}/{len(sentences)} 张表单填对 forms are right")
    return right == len(sentences)


def gateway(demo: Demo, env: dict[str, str], key: str) -> bool:
    """The same library behind OpenAI's call, without any model."""
    demo.show("模型网关 Gateway")
    material = HERE / "material"
    subprocess.run(
        [WENSHU, "import", "docs", "--tenant", "default", material], env=env, check=True, capture_output=True
    )
    question = "澜序水表的总部设在哪里？"
    body: dict[str, object] = {"model": "default", "messages": [{"role": "user", "content": question}]}
    (answer,) = demo.events("/v1/chat/completions", body, key)
    said = answer["choices"][0]["message"]["content"]
    demo.show(f"{question}\n{said}\n  {answer['model']} {json.dumps(answer['usage'])}")
    return "科创路18号" in said


def run(demo: Demo, env: dict[str, str]) -> int:
    """Each service in turn, its page written as soon as it is done."""
    right = assistant(demo, env)
    demo.keep("assistant")
    key = accounts(demo, env)
    demo.keep("accounts")
    right &= forms(demo, key)
    demo.keep("forms")
    right &= gateway(demo, env, key)
    demo.keep("gateway")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
