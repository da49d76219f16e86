"""Writes to the queue for many workers: what is asked for at the same time is written together."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from harness.queue.base import Ledger

T = TypeVar("T")
_Asked = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class Book:
    """The queue of a run, written once in a turn of the event loop, with one wait for the disk."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._asked: list[_Asked] = []

    async def enter(self, action: Callable[[], T]) -> T:
        """The answer of `action`, claims or ends, once it is on disk.

        Of those who are cancelled before that, it may have been called or not.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._write)
        self._asked.append((action, future))
        return await future

    def _write(self) -> None:
        asked, self._asked = self._asked, []
        asked = [(action, future) for action, future in asked if not future.done()]
        try:
            with self._ledger.together():
                answers = [action() for action, _ in asked]
        except Exception as error:  # noqa: BLE001  # told to those who asked
            for _, future in asked:
                future.set_exception(error)
            return
        for (_, future), answer in zip(asked, answers, strict=True):
            future.set_result(answer)


async def aside(action: Callable[..., T], *args: object) -> T:
    """The answer of `action`, which waits for the disk in a thread; it has ended in any case."""
    task = asyncio.create_task(asyncio.to_thread(action, *args))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
