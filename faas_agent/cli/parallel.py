"""Many small jobs on a few threads, without holding all of them in flight at once.

Enters: a function and what to call it with. Leaves: each with its outcome or its failure, as they end.
Called by uploads and downloads. A failure of one does not stop the others, unless it would be that of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from faas_agent.errors import FaasError, Forbidden, Unauthorized

WORKERS = 6
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Ended(Generic[Thing]):
    """One job that is over: what became of it, or why nothing did."""

    thing: Thing
    outcome: str
    failure: str | None


def each(work: Callable[[Thing], str], things: Iterable[Thing]) -> Iterator[Ended[Thing]]:
    """Call ``work`` with every thing. Raises Unauthorized and Forbidden: the next one would meet them too."""
    source = iter(things)
    with ThreadPoolExecutor(WORKERS) as pool:
        running: dict[Future[str], Thing] = {}
        try:
            while True:
                for thing in islice(source, 2 * WORKERS - len(running)):
                    running[pool.submit(work, thing)] = thing
                if not running:
                    return
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    yield _ended(running.pop(done), done)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _ended(thing: Thing, future: Future[str]) -> Ended[Thing]:
    try:
        return Ended(thing, future.result(), None)
    except (Unauthorized, Forbidden):
        raise
    except FaasError as error:
        return Ended(thing, "failed", error.message)
    except OSError as error:
        return Ended(thing, "failed", error.strerror or str(error))
