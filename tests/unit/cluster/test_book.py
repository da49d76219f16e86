"""Writes of many coroutines to one queue."""

import asyncio
import threading
from contextlib import contextmanager

import pytest

from harness.execution.cluster.book import Book, aside


class Pages:
    """A ledger that counts how often it waits for the disk."""

    def __init__(self):
        self.written = []
        self.fails = False

    @contextmanager
    def together(self):
        self.written.append([])
        yield
        if self.fails:
            raise OSError("no room")

    def write(self, what):
        self.written[-1].append(what)
        return what.upper()


def test_what_is_asked_for_at_once_is_written_at_once_and_each_gets_its_answer():
    pages = Pages()
    book = Book(pages)

    async def asked(what):
        return await book.enter(lambda: pages.write(what))

    async def both():
        return [await asyncio.gather(*map(asked, "abc")), await asked("d")]

    assert asyncio.run(both()) == [["A", "B", "C"], "D"]
    assert pages.written == [["a", "b", "c"], ["d"]]


def test_nobody_is_answered_before_the_disk_has_it():
    pages = Pages()
    pages.fails = True
    book = Book(pages)

    async def go():
        entries = [book.enter(lambda what=what: pages.write(what)) for what in "ab"]
        return await asyncio.gather(*entries, return_exceptions=True)

    assert [str(answer) for answer in asyncio.run(go())] == ["no room", "no room"]
    assert pages.written == [["a", "b"]]


def test_what_is_cancelled_before_it_is_written_is_not_written():
    pages = Pages()
    book = Book(pages)

    async def go():
        first, second = (
            asyncio.create_task(book.enter(lambda what=what: pages.write(what))) for what in "ab"
        )
        await asyncio.sleep(0)
        first.cancel()
        return await asyncio.gather(first, second, return_exceptions=True)

    assert asyncio.run(go())[1] == "B"
    assert pages.written == [["b"]]


def test_who_is_cancelled_waits_until_its_thread_has_ended():
    begun, goes_on, done = threading.Event(), threading.Event(), []

    def write():
        begun.set()
        assert goes_on.wait(10)
        done.append(True)

    async def go():
        task = asyncio.create_task(aside(write))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        await asyncio.sleep(0.05)
        assert not task.done()
        goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go())
    assert done == [True]
