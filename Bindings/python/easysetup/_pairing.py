"""A pairing: states to show, and questions to the user."""

import asyncio
import atexit
import inspect
import itertools
import os
import threading
import weakref
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Any, Union

from ._codes import Code
from ._errors import EasySetupError, call, make
from ._handle import Owner
from ._library import EndCallback, QuestionCallback, StateCallback, WithdrawnCallback, lib, text
from ._membership import Gift
from ._seed import _encoded
from ._states import Answer, Question, State, question, state

Ask = Callable[[Question], Union[Answer, str, Awaitable[Union[Answer, str]]]]
"""Asks the user: a function, or a coroutine function for `async for`. A typed word is answered as the text itself."""


class _Withdrawn(int):
    """The number of a question that needs no answer any more."""


class _End:
    """Behind the last state."""


_Event = Union[State, Question, _Withdrawn, _End, BaseException]


class Pairing(Owner):
    """A running pairing. Iterate over its states, by `for` or by `async for`; one of both, and from one place.

    Use it in a `with` (or an `async with`): leaving it stops the pairing on both devices and frees it. A failed pairing raises
    nothing: its last state is `FAILED` and has the error. What `approve` and `accept` raise comes out of the loop.
    """

    _release = lib.easysetup_pairing_free

    def __init__(
        self,
        start: Callable[..., int],
        approve: Ask | None,
        accept: Ask | None,
        allow_plain: bool,
        giving: Gift | None,
    ) -> None:
        self._asks: dict[int, Ask | None] = {1: approve, 2: accept}
        self._events: deque[_Event] = deque()
        self._came = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}
        key = next(_keys)
        _pairings[key] = self
        options = lib.easysetup_options_new(key)
        try:
            lib.easysetup_options_on_state(options, _callbacks.state)
            if approve is not None:
                lib.easysetup_options_on_approval(options, _callbacks.question)
            if accept is not None:
                lib.easysetup_options_on_acceptance(options, _callbacks.question)
            lib.easysetup_options_on_withdrawn(options, _callbacks.withdrawn)
            lib.easysetup_options_on_end(options, _callbacks.end)
            lib.easysetup_options_allow_plain(options, allow_plain)
            if giving is not None:
                call(lib.easysetup_options_give, options, giving._handle)
            super().__init__(make(start, options))
        finally:
            lib.easysetup_options_free(options)

    @property
    def device(self) -> str | None:
        """The id that the other device has in the chain with the membership that is given here, by which it can be removed later,
        whether it has confirmed the membership or not; None where no membership is given."""
        return text(lib.easysetup_pairing_device(self._handle))

    def cancel(self) -> None:
        """Stops the pairing on both devices. The last state still comes. May be called from any thread."""
        lib.easysetup_pairing_cancel(self._handle)

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the last message has left. Returns whether that was in time."""
        try:
            call(lib.easysetup_pairing_wait, self._handle, -1 if timeout is None else int(timeout * 1000))
        except EasySetupError as error:
            if error.code is Code.STILL_RUNNING:
                return False
            raise
        return True

    # Iterating.

    def __iter__(self) -> Iterator[State]:
        while True:
            with self._came:
                while not self._events:
                    self._came.wait()
                event = self._events.popleft()
            if isinstance(event, State):
                yield event
            elif isinstance(event, Question):
                ask = self._asks[event.kind]
                assert ask is not None
                answer = ask(event)
                if inspect.isawaitable(answer):
                    raise TypeError("a coroutine function can only ask in `async for`")
                self._answer(event, answer)
            elif isinstance(event, _End):
                self._events.append(event)
                return

    async def __aiter__(self) -> AsyncIterator[State]:
        with self._came:
            self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        try:
            while True:
                with self._came:
                    event = self._events.popleft() if self._events else None
                    if event is None:
                        self._wake.clear()
                if event is None:
                    await self._wake.wait()
                elif isinstance(event, State):
                    yield event
                elif isinstance(event, Question):
                    self._tasks[event.id] = asyncio.create_task(self._ask(event))
                elif isinstance(event, _Withdrawn):
                    if task := self._tasks.pop(event, None):
                        task.cancel()
                elif isinstance(event, BaseException):
                    raise event
                else:
                    self._events.append(event)
                    return
        finally:
            for task in self._tasks.values():
                task.cancel()

    async def _ask(self, asked: Question) -> None:
        ask = self._asks[asked.kind]
        assert ask is not None
        try:
            answer = ask(asked)
            if inspect.isawaitable(answer):
                answer = await answer
            self._answer(asked, answer)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._put(error)
        finally:
            self._tasks.pop(asked.id, None)

    def _answer(self, asked: Question, answer: Answer | str) -> None:
        try:
            if isinstance(answer, Answer):
                call(lib.easysetup_pairing_answer, self._handle, asked.id, answer.value)
            else:
                typed = _encoded(answer)
                call(lib.easysetup_pairing_answer_word, self._handle, asked.id, typed, len(typed))
        except EasySetupError as error:
            # The question was withdrawn while the user typed: the next state tells why.
            if error.code is not Code.NO_QUESTION:
                raise

    def _put(self, event: _Event) -> None:
        with self._came:
            self._events.append(event)
            self._came.notify()
            loop, wake = self._loop, self._wake
        if loop is not None and wake is not None:
            try:
                loop.call_soon_threadsafe(wake.set)
            except RuntimeError:
                pass  # The loop was closed, so nobody iterates.

    # Leaving.

    def close(self) -> None:
        """Stops the pairing on both devices, and frees it at once. A loop over its states ends."""
        super().close()
        with self._came:
            self._events.clear()
        self._put(_End())

    def _stop(self) -> None:
        if self._handle:
            self.cancel()
            self.wait(_GOODBYE)
            self.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    async def __aenter__(self) -> "Pairing":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._stop)


_GOODBYE = 10.0
"""Seconds for the last message to the other device: more than the library takes on a network that answers nothing."""

# The pairings that may be called, by the context that the library gives back.
_pairings: "weakref.WeakValueDictionary[int, Pairing]" = weakref.WeakValueDictionary()
_keys = itertools.count(1)


def _deliver(context: int, event: _Event) -> None:
    pairing = _pairings.get(context)
    if pairing is not None:
        pairing._put(event)


def _on_state(context: int, pairing: int, handle: int) -> None:
    _deliver(context, state(handle))


def _on_question(context: int, pairing: int, handle: int) -> None:
    _deliver(context, question(handle))


def _on_withdrawn(context: int, pairing: int, number: int) -> None:
    _deliver(context, _Withdrawn(number))


def _on_end(context: int, pairing: int) -> None:
    _deliver(context, _End())


class _callbacks:
    """The functions above as C calls them. They live as long as Python."""

    state = StateCallback(_on_state)
    question = QuestionCallback(_on_question)
    withdrawn = WithdrawnCallback(_on_withdrawn)
    end = EndCallback(_on_end)


def _forked() -> None:
    # Only the parent runs the pairings. The child would wait for threads that it does not have.
    for pairing in list(_pairings.values()):
        pairing._handle = 0
    _pairings.clear()


os.register_at_fork(after_in_child=_forked)


@atexit.register
def _leave() -> None:
    # No thread of the library may call Python when Python is gone.
    for pairing in list(_pairings.values()):
        pairing._stop()
