"""Work on a Dask cluster: one connection, a few tasks at a time, and workers that may die."""

from __future__ import annotations

import asyncio
import math
import pickle
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from wgan_aug.errors import ClusterError, InvalidParameterError, MissingExtraError

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Scheduler", "connected", "work_through"]

Scheduler: TypeAlias = "str | Client"
"""The address of a scheduler, or a connection to it."""

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")

ANSWER = 10.0  # seconds in which a scheduler answers
ALONE = 60.0  # seconds without a worker, after which there will be none
LOOK = 1.0  # seconds between two looks at what workers there are


@contextmanager
def connected(scheduler: Scheduler) -> Generator[Client]:
    """Give a connection to a cluster, and end it; a `distributed.Client` is taken as it is, and stays open.

    Args:
        scheduler: its address, such as `"tcp://host:8786"`, or a client.

    Raises:
        MissingExtraError: without Dask.
        InvalidParameterError: if there is no such address, or no answer within 10 seconds.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingExtraError('A Dask cluster needs dask.distributed: pip install "wgan-aug[dask]"') from error
    if isinstance(scheduler, Client):
        yield scheduler
        return
    _call(scheduler)
    with Client(scheduler, timeout=ANSWER, set_as_default=False) as client:
        yield client


def _call(address: object) -> None:
    """Refuse an address that does not answer: a `Client` would, and leave threads behind."""
    from distributed import Security
    from distributed.comm.core import connect

    async def call() -> None:
        secrets: Any = Security().get_connection_args("client")
        comm = await asyncio.wait_for(connect(str(address), timeout=ANSWER, **secrets), ANSWER)
        await comm.close()

    try:
        with ThreadPoolExecutor(1) as apart:  # there may be an event loop here, as in a notebook
            apart.submit(lambda: asyncio.run(call())).result()
    except (OSError, ValueError, TypeError) as error:
        raise InvalidParameterError(
            f"The Dask scheduler {address!r} does not answer within {ANSWER:.0f} s ({_one_line(error) or 'silence'}); "
            "give the address that 'dask scheduler' prints, such as tcp://host:8786."
        ) from error


def work_through(client: Client, function: Callable[[S, T], R], shared: S, tasks: Iterable[T]) -> Iterator[R]:
    """Yield the result of every task, as workers end them.

    Few tasks are on their way at a time, so that they, and their results, may be more than memory holds. What a worker
    had in hand when it died is done again by others; a function must bear being called twice with the same task.

    Args:
        client: the connection.
        function: of a module, so that workers can import it; takes what is shared and a task.
        shared: sent once to each worker that has a task.
        tasks: of any number.

    Raises:
        ClusterError: if the scheduler goes away, if there is no worker for a minute, or if a task ends several workers.
        Exception: what the function raises on a worker.
    """
    from distributed import wait

    left = iter(tasks)
    packed = pickle.dumps(shared)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)  # once, and not once a task
        common = client.submit(pickle.loads, packed, pure=False)
    running: list[Future] = []
    alone: float | None = None
    try:
        while True:
            workers = _threads(client)
            room = max(2, 2 * workers) - len(running)
            running += [client.submit(function, common, task, pure=False) for task in islice(left, max(0, room))]
            if not running:
                return
            alone = None if workers else alone or time.monotonic()
            if alone is not None and time.monotonic() - alone > ALONE:
                raise ClusterError(
                    f"The Dask cluster has had no worker for {ALONE:.0f} s; start some with 'dask worker'."
                )
            try:
                with client.as_current():
                    found: Any = wait(running, timeout=LOOK, return_when="FIRST_COMPLETED")
            except TimeoutError:
                continue
            running = [future for future in running if future not in found.done]
            for future in found.done:
                yield _result(future)
    finally:
        if running and client.status == "running":
            client.cancel(running)


def _threads(client: Client) -> int:
    """Return how many tasks the cluster can do at once."""
    try:
        threads: Any = client.nthreads()
        return math.ceil(sum(threads.values()))
    except (OSError, ValueError, AttributeError) as error:
        raise _gone(error) from error


def _result(future: Future) -> Any:
    from distributed import KilledWorker

    if future.status not in ("finished", "error"):
        raise _gone(future.status)
    try:
        return future.result()
    except KilledWorker as error:
        raise ClusterError(f"A task ended several Dask workers, of memory perhaps: {_one_line(error)}") from error


def _gone(why: object) -> ClusterError:
    return ClusterError(f"The Dask scheduler went away ({_one_line(why)}).")


def _one_line(error: object) -> str:
    return " ".join(str(error).split())
