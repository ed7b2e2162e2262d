"""The engine: DBOS keeps the finished steps of each run and fences off a run that lost its job. Nobody else knows DBOS.

One run of a job is one workflow of DBOS, named by the job's id and the run's number. What people see, who runs what and
in which order is in our own rows; DBOS's queues, recovery and schedules are not used (docs/decisions/0002 says why).
It lives in an event loop of its own: it takes over the default threads of the loop that it is called from.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import URL, ExceptionContext, create_engine, event
from sqlalchemy import Engine as SyncEngine

from wenshu.core.database.backend import DatabaseUnavailable
from wenshu.core.database.examine import STEPS_SCHEMA
from wenshu.core.jobs.aside import Aside
from wenshu.core.jobs.running import Ending, JobEnded, Step

if TYPE_CHECKING:
    from dbos import DBOSConfig

_NAME = "wenshu"
_VERSION = "1"
"""Of the one workflow below, which only calls a body of ours; DBOS would take a hash of the source for it."""
_THREADS = 16
_CONNECTIONS = 5
_MOST_IDS = 500

Body = Callable[[], Coroutine[Any, Any, None]]


class RunKnown(Exception):
    """A run of this id began before: what the engine kept is newer than our rows (a backup was restored)."""


class _NotFinished(BaseException):
    """Carries a step's error past DBOS, which would write an ``Exception`` down as the step's outcome for ever."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        super().__init__(error)


class Engine:
    """Starts at its first use (some 0.2 s); one in a process, as DBOS is a singleton.

    ``url`` is that of our PostgreSQL, where DBOS has a schema of its own, or of a SQLite file of its own.
    """

    def __init__(self, executor_id: str, url: URL) -> None:
        self._executor_id = executor_id
        self._url = url
        self._starting = asyncio.Lock()
        self._aside: Aside | None = None
        self._connections: SyncEngine | None = None
        self._bodies: dict[str, Callable[[], Awaitable[None]]] = {}
        self._workflow: Callable[[str], Coroutine[Any, Any, None]] | None = None

    async def run(self, run_id: str, body: Body) -> None:
        """Run ``body``, whose steps are kept under ``run_id``; it sees to its own errors.

        Raises what keeps it from beginning: RunKnown, or what is wrong with the engine's database.
        """
        from dbos import DBOS, SetWorkflowID, error  # noqa: PLC0415 (takes 0.2 s, and only running jobs need it)

        aside = await self._started()
        workflow = self._workflow
        assert workflow is not None  # noqa: S101 (set by the start)
        self._bodies[run_id] = aside.back(body)

        async def begin() -> None:
            try:
                with SetWorkflowID(run_id, workflow_id_reuse_policy="reject"):
                    handle = await DBOS.start_workflow_async(workflow, run_id)
            except error.DBOSWorkflowIDInUseError as fault:
                raise RunKnown(run_id) from fault
            # Another run may have taken the job over meanwhile; then there is no result to have.
            with suppress(Exception):
                await handle.get_result()

        try:
            await aside.run(begin())
        finally:
            self._bodies.pop(run_id, None)

    async def step(self, name: str, work: Step) -> Any:  # noqa: ANN401 (JSON)
        """Do a step of the run around it and write its result down. Raises what ``work`` raises, and JobEnded."""
        from dbos import DBOS, error  # noqa: PLC0415 (see ``run``)

        aside = await self._started()

        async def guarded() -> Any:  # noqa: ANN401 (JSON)
            try:
                # As a later run will read it: a step that gives something else has failed, here and now.
                return orjson.loads(orjson.dumps(await work()))
            except Exception as fault:
                raise _NotFinished(fault) from fault

        try:
            return await aside.run(DBOS.run_step_async({"name": name}, aside.back(guarded)))
        except _NotFinished as unfinished:
            raise unfinished.error from None
        except error.DBOSBaseException as fault:
            raise JobEnded(Ending.LOST) from fault

    async def finished(self, run_ids: Iterable[str]) -> Mapping[str, Any]:
        """End these runs where they are not over, so that they finish nothing more; each finished step's result."""
        from dbos import DBOS  # noqa: PLC0415 (see ``run``)

        ids = list(run_ids)
        if not ids:
            return {}

        async def read() -> Mapping[str, Any]:
            await DBOS.cancel_workflows_async(ids)
            steps = [step for run_id in ids for step in await DBOS.list_workflow_steps_async(run_id)]
            return {step["function_name"]: step["output"] for step in steps}

        return await (await self._started()).run(read())

    async def forget(self, run_ids: Iterable[str]) -> None:
        """Delete the runs and their steps."""
        from dbos import DBOS  # noqa: PLC0415 (see ``run``)

        ids = list(run_ids)
        if not ids:
            return
        aside = await self._started()
        for start in range(0, len(ids), _MOST_IDS):
            await aside.run(DBOS.delete_workflows_async(ids[start : start + _MOST_IDS]))

    async def close(self) -> None:
        """Stop DBOS; runs under way must be over."""
        async with self._starting:
            aside, self._aside = self._aside, None
            if aside is None:
                return
            with ThreadPoolExecutor(1, "wenshu-jobs-stop") as own:
                await asyncio.get_running_loop().run_in_executor(own, self._stop, aside)

    async def _started(self) -> Aside:
        async with self._starting:
            if self._aside is not None:
                return self._aside
            here = asyncio.get_running_loop()
            with ThreadPoolExecutor(1, "wenshu-jobs-start") as own:
                await here.run_in_executor(own, self._launch)
            self._aside = Aside(here, "wenshu-jobs")
            return self._aside

    def _launch(self) -> None:
        _tame_log()
        from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer  # noqa: PLC0415 (see ``run``)

        config: DBOSConfig = {
            "name": _NAME,
            **self._database(),
            "application_version": _VERSION,
            "executor_id": self._executor_id,
            "dbos_system_schema": STEPS_SCHEMA,
            "serializer": DBOSPortableJSONSerializer(),
            "max_executor_threads": _THREADS,
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": 0.25,  # how long it may hold up ``destroy``
            "scheduler_polling_interval_sec": 3600.0,
            "log_level": "ERROR",
        }
        DBOS(config=config)
        bodies = self._bodies

        @DBOS.workflow(name="run")
        async def run(run_id: str) -> None:
            await bodies[run_id]()

        self._workflow = run
        try:
            DBOS.launch()
        except BaseException:
            DBOS.destroy(destroy_registry=True)
            raise

    def _stop(self, aside: Aside) -> None:
        from dbos import DBOS  # noqa: PLC0415 (see ``run``)

        aside.close()
        DBOS.destroy(destroy_registry=True)
        if self._connections is not None:
            self._connections.dispose()

    def _database(self) -> "DBOSConfig":
        if self._url.get_backend_name() == "sqlite":
            kwargs: dict[str, Any] = {"creator": self._connect, "pool_size": _CONNECTIONS}
            return {"system_database_url": str(self._url), "db_engine_kwargs": kwargs}
        # Ours, or DBOS would look for it from the database ``postgres``, where its user may have no business.
        self._connections = create_engine(self._url, pool_size=_CONNECTIONS, max_overflow=0, pool_pre_ping=True)
        event.listen(self._connections, "handle_error", _told)
        return {"system_database_engine": self._connections}

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._url.database or "", check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
        return connection


def sqlite_file(path: Path) -> URL:
    """The URL of the engine's own file."""
    return URL.create("sqlite", database=str(path))


def _told(context: ExceptionContext) -> None:
    """A lost connection as our error: of its own DBOS would wait for the database in a thread, without end."""
    if context.is_disconnect or context.connection is None:
        context.chained_exception = DatabaseUnavailable()


def _tame_log() -> None:
    """Have DBOS write into our log: it adds a handler of its own only where there is none."""
    log = logging.getLogger("dbos")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
        log.addFilter(_expected)


def _expected(record: logging.LogRecord) -> bool:
    """Drop what is no news: runs that were ended from outside, and a database that is away, which we tell ourselves."""
    from dbos import error  # noqa: PLC0415 (its own log calls this)

    quiet = (error.DBOSAwaitedWorkflowCancelledError, error.DBOSNonExistentWorkflowError, DatabaseUnavailable)
    return not isinstance(record.exc_info[1] if record.exc_info else None, quiet)
