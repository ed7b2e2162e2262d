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


class Demo:
    """One run against one server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.lines: list[str] = []

    def show(self, text: str = "") -> None:
        """Print a line and keep it for the report."""
        print(text, flush=True)
        self.lines.append(text)

    def events(self, path: str, body: dict[str, object]) -> Iterator[dict[str, Any]]:
        """POST JSON; the events of a streamed answer, or the one object of another."""
        request = urllib.request.Request(  # noqa: S310 (the demo's own server)
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
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
        for suggestion in last["suggested_questions"]:
            self.show(f"  可继续问：{suggestion}")
        right = expected in last["content"] if expected else mode != "general" or not last["citations"]
        self.show(f"  {'✓' if right else '✗ 与材料不符'}  {took:.0f} ms")
        return right

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
        env = {**os.environ, "WENSHU_HOME": home, "WENSHU_LOG_LEVEL": "warning"}
        server = subprocess.Popen([WENSHU, "serve", "--port", "0"], env=env, stdout=subprocess.PIPE, text=True)
        try:
            ready = next((line for line in server.stdout or () if "/console/" in line), "")
            return run(Demo(ready.split()[-1].removesuffix("/console/")), env) if ready else 1
        finally:
            server.terminate()
            server.wait()


def run(demo: Demo, env: dict[str, str]) -> int:
    """The assistant: material in, questions answered, drafts written."""
    demo.show("素材库与对话 Library and chat")
    for kind, path in (("docs", HERE / "material"), ("qa", HERE / "qa.csv")):
        imported = subprocess.run([WENSHU, "import", kind, path], env=env, check=False, capture_output=True, text=True)
        demo.show(imported.stdout.strip())
    demo.search("售后保修多久")
    questions = json.loads((HERE / "questions.json").read_text("utf-8"))
    right = sum([demo.ask(question) for question in questions])
    demo.show(f"\n{right}/{len(questions)} 个回答与材料相符 answers agree with the material")
    (OUTPUT / "assistant.md").write_text("\n".join(demo.lines) + "\n", "utf-8")
    print(f"以上内容已写入 Written to {OUTPUT / 'assistant.md'}")
    return 0 if right == len(questions) else 1


if __name__ == "__main__":
    sys.exit(main())
