"""Importing folders: what has not changed stays where it is, the rest is uploaded and imported by the server.

The import's key is made of what is imported: the same command, given again, takes up what it left, whatever died.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from wenshu.cli.client import CallFailed, Client, connect
from wenshu.core.settings import Settings

_PATH = "/vector_db_service/imports"
_MOST = 10_000
_AT_ONCE = 4
_PAGE = 100
_LONGEST_NAME = 255


@dataclass(slots=True)
class Outcome:
    """What an import came to; ``failures`` are names with reasons."""

    added: int = 0
    skipped: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    trouble: str = ""
    """Why the import as a whole did not come to its end, in the server's words."""


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Documents a second."""
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


async def import_documents(
    settings: Settings, files: Mapping[str, Path], scope: Mapping[str, str], *, force: bool
) -> Outcome:
    """Import the files under their names. Raises CallFailed where the server cannot be spoken to."""
    outcome = Outcome()
    names = list(files)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    async with connect(settings) as client:
        with Progress(*columns, console=Console(stderr=True)) as bar:
            for start in range(0, len(names), _MOST):
                part = {name: files[name] for name in names[start : start + _MOST]}
                await _Part(client, bar, part, scope, outcome).run(force=force)
    return outcome


@dataclass(slots=True)
class _Part:
    """As many documents as one call takes."""

    client: Client
    bar: Progress
    files: Mapping[str, Path]
    scope: Mapping[str, str]
    outcome: Outcome

    async def run(self, *, force: bool) -> None:
        digests = await asyncio.to_thread(self._digests)
        key = sha256(orjson.dumps([dict(self.scope), force, sorted(digests.items()), self._places()])).hexdigest()
        import_id = await self._under_way(key)
        if import_id is None:
            unchanged = set[str]() if force else await self._unchanged(digests)
            self.outcome.skipped += len(unchanged)
            items = await self._upload([name for name in digests if name not in unchanged])
            if not items:
                return
            body = {"items": items, "import_key": key, "force": force, **self.scope}
            import_id = (await self.client.post(_PATH, body))["import_id"]
        await self._follow(import_id)
        await self._collect(import_id)

    def _digests(self) -> dict[str, str]:
        task = self.bar.add_task("读取 Reading", total=len(self.files))
        found: dict[str, str] = {}
        for name, path in self.files.items():
            self.bar.advance(task)
            if len(name) > _LONGEST_NAME:
                self.outcome.failures.append((name, f"名称超过 {_LONGEST_NAME} 个字符 The name is too long"))
                continue
            try:
                with path.open("rb") as source:
                    found[name] = file_digest(source, "sha256").hexdigest()
            except OSError as error:
                self.outcome.failures.append((name, error.strerror or type(error).__name__))
        self.bar.remove_task(task)
        return found

    def _places(self) -> list[str]:
        return sorted({str(path.resolve().parent) for path in self.files.values()})

    async def _under_way(self, key: str) -> str | None:
        """The import that an earlier call of this command began, and that is not over."""
        found = await self.client.get(_PATH, {"import_key": key, **self.scope})
        return next((item["import_id"] for item in found["items"] if item["state"] in {"queued", "running"}), None)

    async def _unchanged(self, digests: Mapping[str, str]) -> set[str]:
        if not digests:
            return set()
        items = [{"doc_name": name, "sha256": digest} for name, digest in digests.items()]
        found = await self.client.post("/vector_db_service/unchanged_documents", {"items": items, **self.scope})
        return set(found["doc_names"])

    async def _upload(self, names: list[str]) -> list[dict[str, str]]:
        """The items of those that could be uploaded, in their order."""
        task = self.bar.add_task("上传 Uploading", total=len(names))
        slots = asyncio.Semaphore(_AT_ONCE)

        async def one(name: str) -> dict[str, str] | None:
            async with slots:
                try:
                    stored = await self.client.upload("/chat_service/upload", self.files[name], self.scope)
                except CallFailed as error:
                    self.outcome.failures.append((name, str(error)))
                    return None
                finally:
                    self.bar.advance(task)
                return {"doc_url": stored["file_url"], "doc_name": name}

        items = await asyncio.gather(*(one(name) for name in names))
        self.bar.remove_task(task)
        return [item for item in items if item is not None]

    async def _follow(self, import_id: str) -> None:
        task = self.bar.add_task("导入 Importing", total=None)
        async for event in self.client.follow(f"{_PATH}/{import_id}/progress", self.scope):
            self.bar.update(task, completed=event["processed"], total=event["total"] or None)
        self.bar.remove_task(task)

    async def _collect(self, import_id: str) -> None:
        page, seen = 1, 0
        while True:
            found = await self.client.get(f"{_PATH}/{import_id}", {"page": page, "size": _PAGE, **self.scope})
            failures: list[dict[str, Any]] = found["failures"]["items"]
            self.outcome.failures += [(item["doc_name"], item["reason"]) for item in failures]
            page, seen = page + 1, seen + len(failures)
            if not failures or seen >= found["failures"]["total"]:
                break
        self.outcome.added += found["added"]
        self.outcome.skipped += found["skipped"]
        if found["state"] != "succeeded":
            said = found["error"]["message"] if found["error"] else found["state"]
            self.outcome.trouble = f"导入未完成，剩余 {found['pending']} 个 Not finished: {said}"
