"""The Python package by itself. test_python.py runs this with a Python that has the wheel: python_checks.py RELAY [TEST...]."""

import asyncio
import gc
import os
import sys
import tempfile
import threading
import unittest
from datetime import datetime, timezone
from pathlib import Path

import easysetup
from easysetup import (
    Answer,
    Client,
    Code,
    EasySetupError,
    FileStore,
    Gift,
    Membership,
    MemoryStore,
    Question,
    QuestionKind,
    Seed,
    State,
    StateKind,
    Store,
    StoreFailure,
)

RELAY = sys.argv.pop(1)
LIMITS = {"reachTimeout": 60_000}


def device(store: Store, name: str = "a device") -> Client:
    return Client(name, store, proxy=None, limits=LIMITS)


def yes(question: Question) -> Answer:
    return Answer.YES


class Kept(Store):
    """A store of an app's own: it keeps seeds alone, or raises what it was told to."""

    def __init__(self, seed: Seed | None = None, load: BaseException | None = None, save: BaseException | None = None):
        self.seed, self.on_load, self.on_save = seed, load, save

    def load(self) -> Seed | None:
        if self.on_load:
            raise self.on_load
        return self.seed

    def save(self, seed: Seed, replacing: bool) -> None:
        if self.on_save:
            raise self.on_save
        self.seed = seed.copy()


class KeptMembership(Kept):
    """A store of an app's own that keeps a membership as bytes, too."""

    kept: bytes | None = None

    def load_membership(self) -> Membership | None:
        return None if self.kept is None else Membership.from_bytes(self.kept)

    def save_membership(self, membership: Membership, replacing: bool) -> None:
        self.kept = membership.to_bytes()


def joining(store: Store, code: str) -> tuple[threading.Thread, list[State]]:
    """Joins in a thread of its own, and gathers the states."""
    states: list[State] = []

    def run() -> None:
        with device(store, "the other") as client, client.join(code, RELAY) as pairing:
            states.extend(pairing)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, states


def offered(client: Client, other: Store, **asks: object) -> tuple[list[State], list[State]]:
    """Offers here and joins in another thread. The states of both."""
    here: list[State] = []
    there: list[State] = []
    thread: threading.Thread | None = None
    try:
        with client.offer(RELAY, **asks) as pairing:  # type: ignore[arg-type]
            for state in pairing:
                here.append(state)
                if state.code:
                    thread, there = joining(other, state.code)
    finally:
        # An exception of a question must not leave the other device running into the next test.
        if thread:
            thread.join()
    return here, there


class Seeds(unittest.TestCase):
    def test_forms(self) -> None:
        with Seed.random(9) as seed:
            self.assertEqual(seed.created_at, 9)
            for form in (seed.phrase(), seed.link(), seed.hex(), seed.base64(), seed.hex().encode()):
                self.assertTrue(Seed.read(form).is_same(seed))
            self.assertTrue(Seed.from_bytes(seed.to_bytes()).is_same(seed))
            self.assertEqual(seed.user_id.hex(), seed.fingerprint)
            self.assertTrue(easysetup.verify(seed.user_id, seed.sign(b"a\0b"), b"a\0b"))
            self.assertFalse(easysetup.verify(seed.user_id, seed.sign(b"a"), b"b"))
            self.assertFalse(easysetup.verify(b"", b"", b""))
            self.assertEqual(len(seed.derive_key("easysetup/a", 16_320)), 16_320)
            self.assertEqual([len(seed.secretbox_key()), len(seed.secretbox_key_fingerprint)], [32, 64])
            self.assertNotIn(seed.hex()[:8], repr(seed) + str(seed) + str(vars(seed)))

    def test_errors(self) -> None:
        with Seed.random() as seed:
            for count in (-1, 0, 16_321, 2**70):
                with self.subTest(count=count), self.assertRaises((EasySetupError, OverflowError)):
                    seed.derive_key("easysetup/a", count)
            with self.assertRaises(EasySetupError) as refused:
                seed.derive_key("easysetup/chain/key/1/notes", 32)
            self.assertEqual(refused.exception.code, Code.DERIVED_KEY_REFUSED)
            for message in (b"\x1deasysetup/chain certificate 1", b"\0easysetup/", b"\xffeasysetup/a"):
                with self.subTest(message=message), self.assertRaises(EasySetupError) as unsigned:
                    seed.sign(message)
                self.assertEqual(unsigned.exception.code, Code.SIGNATURE_REFUSED)
        with self.assertRaises(EasySetupError) as raised:
            Seed.read("abandon " * 12)
        error = raised.exception
        self.assertEqual((error.code, error.name), (Code.PHRASE_WORD_COUNT, "phrase-word-count"))
        self.assertEqual((error.parameters, error.cause, error.retry_helps), ({"count": "12"}, None, False))
        self.assertIn("12", error.description)
        self.assertTrue(error.advice and error.key.startswith("phrase-word-count"))
        for text in (b"\xc3\x28", "\ud800"):
            with self.assertRaises(EasySetupError) as raised:
                Seed.read(text)
            self.assertEqual(raised.exception.code, Code.TEXT_NOT_UTF_8)

    def test_closed(self) -> None:
        seed = Seed.random()
        seed.close()
        seed.close()
        with self.assertRaises(EasySetupError) as raised:
            seed.to_bytes()
        self.assertEqual(raised.exception.code, Code.BAD_ARGUMENT)

    def test_checks(self) -> None:
        self.assertIsNone(easysetup.check_code("k7q 29m xaq"))
        self.assertEqual(getattr(easysetup.check_code("k7q 29m xaa"), "name"), "code-mistyped")
        self.assertIsNone(easysetup.check_relay("wss://relay.example"))
        self.assertEqual(getattr(easysetup.check_relay("ws://relay.example"), "code"), Code.RELAY_PLAIN)


class Stores(unittest.TestCase):
    def test_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder, FileStore(Path(folder) / "s", "a pass") as store, Seed.random() as seed:
            store.check()
            self.assertIsNone(store.load())
            store.save(seed)
            loaded = store.load()
            assert loaded
            self.assertTrue(loaded.is_same(seed))
            with self.assertRaises(EasySetupError) as raised:
                FileStore(Path(folder) / "s").load()
            self.assertEqual(raised.exception.code, Code.PASSPHRASE_NEEDED)
            with self.assertRaises(EasySetupError) as raised:
                store.save(Seed.random())
            self.assertEqual(raised.exception.code, Code.OTHER_SEED_STORED)
            store.save(Seed.random(), replacing=True)

    def test_own(self) -> None:
        """An app's own store gives and keeps."""
        here, there = Kept(Seed.random()), Kept()
        with device(here) as client:
            states, others = offered(client, there, approve=yes)
        self.assertEqual([states[-1].kind, others[-1].kind], [StateKind.PAIRED, StateKind.PAIRED])
        assert here.seed and there.seed
        self.assertTrue(here.seed.is_same(there.seed))

    def test_failures(self) -> None:
        own = StoreFailure.app("app-locked", "It is locked.", "Unlock it.", retry_helps=True)
        cases = [(own, "app-locked"), (StoreFailure(Code.STORE_BUSY), "store-busy"), (ValueError("secret"), "app-exception")]
        for raised, name in cases:
            with self.subTest(name=name), device(Kept(load=raised)) as client, client.offer(RELAY) as pairing:
                last = list(pairing)[-1]
                assert last.error
                self.assertEqual((last.kind, last.error.name), (StateKind.FAILED, name))
                self.assertNotIn("secret", last.error.description + last.error.advice)
        with device(MemoryStore(Seed.random())) as client:
            states, others = offered(client, Kept(save=StoreFailure(Code.STORE_FULL)), approve=yes)
        assert states[-1].error and others[-1].error
        self.assertEqual([states[-1].error.name, others[-1].error.name], ["peer-not-stored", "store-full"])


class Pairings(unittest.TestCase):
    def test_states(self) -> None:
        asked: list[Question] = []

        def ask(question: Question) -> Answer:
            asked.append(question)
            return Answer.YES

        with device(MemoryStore(Seed.random())) as client:
            states, others = offered(client, MemoryStore(), approve=ask)
        kinds = [state.kind for state in states]
        self.assertEqual(kinds[-1], StateKind.PAIRED)
        for kind in (StateKind.CONNECTING, StateKind.OFFERED, StateKind.DECIDING):
            self.assertIn(kind, kinds)
        shown = states[kinds.index(StateKind.OFFERED)]
        assert shown.code and shown.link and shown.remaining
        self.assertNotIn(shown.code, repr(shown))
        self.assertNotIn(shown.link, repr(shown))
        self.assertEqual((shown.number, shown.look_at_other), (1, True))
        self.assertEqual([question.kind for question in asked], [QuestionKind.APPROVAL])
        self.assertEqual((asked[0].peer.name, len(asked[0].words), asked[0].needs_word), ("the other", 2, False))
        self.assertEqual((states[-1].role, others[-1].role), ("holder", "receiver"))
        self.assertEqual(states[-1].fingerprint, others[-1].fingerprint)
        self.assertEqual(asked[0].words, others[-1].words)

    def test_declined(self) -> None:
        for answer, name in ((Answer.NO, "declined-here"), (Answer.UNCLEAR, "not-confirmed"), (Answer.NOBODY, "nobody-to-ask")):
            with self.subTest(answer=answer), device(MemoryStore(Seed.random())) as client:
                states, others = offered(client, MemoryStore(), approve=lambda question, answer=answer: answer)
                assert states[-1].error and others[-1].error
                self.assertEqual(states[-1].error.name, name)

    def test_relay_away(self) -> None:
        with Client("a", MemoryStore(), proxy=None, limits={"reachTimeout": 1}) as client:
            with client.offer("ws://127.0.0.1:1") as pairing:
                states = list(pairing)
        error = states[-1].error
        assert error
        self.assertEqual((error.code, error.cause, error.retry_helps), (Code.RELAY_UNREACHABLE, "refused", True))
        self.assertGreaterEqual(error.retry_after, 0)

    def test_leaving(self) -> None:
        """Leaving the loop stops the pairing on the other device, too, and a closed pairing has no more states."""

        async def run() -> tuple[list[State], list[State]]:
            async def never(question: Question) -> Answer:
                await asyncio.Event().wait()
                return Answer.YES

            with device(MemoryStore(Seed.random())) as client:
                async with client.offer(RELAY, approve=never) as pairing:
                    async for state in pairing:
                        if state.code:
                            thread, there = joining(MemoryStore(), state.code)
                        if state.kind is StateKind.DECIDING:
                            break
                await asyncio.to_thread(thread.join)
            return there, list(pairing)

        others, rest = asyncio.run(run())
        assert others[-1].error
        self.assertEqual((others[-1].error.name, rest), ("cancelled", []))

    def test_exception(self) -> None:
        """What a question raises comes out of the loop, and nothing is given."""

        def fails(question: Question) -> Answer:
            raise KeyError("no screen")

        with device(MemoryStore(Seed.random())) as client, self.assertRaises(KeyError):
            offered(client, MemoryStore(), approve=fails)

    def test_async(self) -> None:
        async def run() -> tuple[list[State], list[State]]:
            here: list[State] = []
            there: list[State] = []

            async def ask(question: Question) -> Answer | str:
                await asyncio.sleep(0)
                return Answer.YES

            async def word(question: Question) -> Answer | str:
                self.assertTrue(question.needs_word)
                self.assertEqual(question.words, ())
                while not here[-1].words:
                    await asyncio.sleep(0.01)
                return here[-1].words[1] if question.attempt > 1 else "ottter"

            async def join(code: str) -> None:
                with device(MemoryStore(Seed.random())) as client:
                    async with client.join(code, RELAY, approve=word) as pairing:
                        async for state in pairing:
                            there.append(state)

            with device(MemoryStore()) as client:
                async with client.offer(RELAY, accept=ask) as pairing:
                    async for state in pairing:
                        here.append(state)
                        if state.code:
                            task = asyncio.create_task(join(state.code))
                await task
            return here, there

        here, there = asyncio.run(run())
        self.assertEqual([here[-1].kind, there[-1].kind], [StateKind.PAIRED, StateKind.PAIRED])
        self.assertIn(StateKind.ACCEPTING, [state.kind for state in here])

    def test_withdrawn(self) -> None:
        """A coroutine that asks is cancelled when the other device has gone."""
        cancelled = threading.Event()

        async def run() -> State:
            async def never(question: Question) -> Answer:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    cancelled.set()
                    raise
                return Answer.YES

            def leave(code: str) -> None:
                with device(MemoryStore()) as client, client.join(code, RELAY) as pairing:
                    for state in pairing:
                        if state.kind is StateKind.WAITING:
                            pairing.cancel()

            with device(MemoryStore(Seed.random())) as client:
                async with client.offer(RELAY, approve=never) as pairing:
                    async for state in pairing:
                        if state.code:
                            task = asyncio.create_task(asyncio.to_thread(leave, state.code))
                await task
            return state

        last = asyncio.run(run())
        assert last.error
        self.assertEqual(last.error.name, "cancelled")

    def test_task_cancelled(self) -> None:
        """Cancelling the task that iterates stops the pairing."""

        async def run() -> None:
            shown = asyncio.Event()

            async def offer() -> None:
                with device(MemoryStore()) as client:
                    async with client.offer(RELAY) as pairing:
                        async for state in pairing:
                            if state.code:
                                shown.set()

            task = asyncio.create_task(offer())
            await shown.wait()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        asyncio.run(run())

    def test_forgotten(self) -> None:
        """A pairing that nobody holds any more is stopped and freed with its object."""
        client = device(MemoryStore())
        pairing = client.offer(RELAY)
        next(iter(pairing))
        del pairing, client

    def tearDown(self) -> None:
        gc.collect()
        self.assertEqual(easysetup.handle_count(), 0)


class Memberships(unittest.TestCase):
    UNTIL = datetime(2099, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
    RIGHTS = {"notes": True, "bookmarks": False}

    def given(self, other: Store, **asks: object) -> tuple[list[State], list[State], str]:
        """Gives two collections. The states of both, and the user ID of the chain."""
        with Seed.random() as seed, Gift(seed, self.RIGHTS, until=self.UNTIL, generations={"notes": 2}) as gift:
            with device(MemoryStore(seed)) as client:
                states, others = offered(client, other, giving=gift, **asks)
            return states, others, seed.fingerprint

    def test_given(self) -> None:
        asked: list[Question] = []

        def ask(question: Question) -> Answer:
            asked.append(question)
            return Answer.YES

        with MemoryStore() as there:
            states, others, chain = self.given(there, approve=ask)
            scope = asked[0].scope
            self.assertEqual(scope.text, "bookmarks (read only), notes, until 2099-12-31")
            self.assertEqual((scope.collections, scope.until, scope.is_everything), (self.RIGHTS, self.UNTIL, False))
            self.assertEqual([states[-1].scope, others[-1].scope], [scope, scope])
            self.assertEqual({state.scope for state in states[:-1]}, {None})
            self.assertIsNone(there.load())
            held = there.load_membership()
            assert held
            self.assertEqual((held.fingerprint, held.scope, len(held.device)), (chain, scope, 11))
            with Membership.from_bytes(held.to_bytes()) as read, read.copy() as again:
                self.assertEqual(again.to_bytes(), held.to_bytes())
            self.assertNotIn(held.to_bytes().hex()[:8], repr(held) + str(held) + str(vars(held)))
            held.close()
            with self.assertRaises(EasySetupError) as raised:
                held.to_bytes()
            self.assertEqual(raised.exception.code, Code.BAD_ARGUMENT)

    def test_device(self) -> None:
        """The giver knows the other device in the chain by its id, before it is given anything; with the seed it draws its own."""
        with Seed.random() as seed, Gift(seed, self.RIGHTS) as gift, MemoryStore() as there, device(MemoryStore(seed)) as client:
            with client.offer(RELAY, giving=gift, approve=yes) as pairing:
                known = pairing.device
                for state in pairing:
                    if state.code:
                        thread, _ = joining(there, state.code)
            thread.join()
            self.assertIsNone(pairing.device)
            held = there.load_membership()
            assert held and known
            self.assertEqual(held.device, known)
            with client.offer(RELAY, approve=yes) as pairing:
                self.assertIsNone(pairing.device)

    def test_seed(self) -> None:
        """The scope of the seed is everything."""
        asked: list[Question] = []
        with device(MemoryStore(Seed.random())) as client:
            states, _ = offered(client, MemoryStore(), approve=lambda question: asked.append(question) or Answer.YES)
        self.assertTrue(asked[0].scope.is_everything and asked[0].scope.collections is None)
        assert states[-1].scope
        self.assertEqual((states[-1].scope.text, states[-1].scope.until), ("everything", None))

    def test_own(self) -> None:
        """An app's own store keeps a membership if it says so, and else the device gets nothing."""
        keeps = KeptMembership()
        states, others, chain = self.given(keeps, approve=yes)
        self.assertEqual([states[-1].kind, others[-1].kind], [StateKind.PAIRED, StateKind.PAIRED])
        held = keeps.load_membership()
        assert held
        self.assertEqual((held.fingerprint, held.scope.collections), (chain, self.RIGHTS))
        states, others, _ = self.given(Kept(), approve=yes)
        assert states[-1].error and others[-1].error
        self.assertEqual(others[-1].error.code, Code.MEMBERSHIP_NOT_KEPT)
        self.assertEqual(states[-1].error.name, "peer-not-stored")

    def test_refused(self) -> None:
        with Seed.random() as seed, MemoryStore() as store, device(store) as client:
            cases = (({"Notes": True}, "collection-name"), ({f"{n}" * 64: True for n in range(9)}, "membership-too-large"))
            for collections, name in cases:
                with self.subTest(name=name), self.assertRaises(EasySetupError) as raised:
                    Gift(seed, collections)
                self.assertEqual(raised.exception.name, name)
            # Nothing to give, and nobody who is asked.
            for collections, asks in (({}, {"approve": yes}), (self.RIGHTS, {})):
                with Gift(seed, collections) as gift, self.assertRaises(EasySetupError) as raised:
                    client.offer(RELAY, giving=gift, **asks)
                self.assertEqual(raised.exception.code, Code.BAD_ARGUMENT)
            with Gift(seed, self.RIGHTS) as gift, client.offer(RELAY, giving=gift, approve=yes) as pairing:
                last = list(pairing)[-1]
            assert last.error
            self.assertEqual(last.error.code, Code.NO_SEED_TO_GIVE)
        for damaged in (b"", b"\xff" * 100):
            with self.assertRaises(EasySetupError) as raised:
                Membership.from_bytes(damaged)
            self.assertEqual(raised.exception.code, Code.MEMBERSHIP_UNREADABLE)

    def tearDown(self) -> None:
        gc.collect()
        self.assertEqual(easysetup.handle_count(), 0)


class Exit(unittest.TestCase):
    def test_version(self) -> None:
        self.assertEqual(easysetup.__version__, easysetup.library_version)
        self.assertNotIn("LIBEASYSETUP", os.environ)


if __name__ == "__main__":
    unittest.main()
