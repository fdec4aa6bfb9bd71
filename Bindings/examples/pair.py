"""Two devices, from Python:  python pair.py offer|join wss://relay.example FOLDER [COLLECTIONS]"""

import asyncio
import os
import sys

from easysetup import Answer, Client, FileStore, Gift, Question, Seed, StateKind


async def line() -> str:
    """A line of standard input. A thread would go on reading after a withdrawn question, and keep Python from ending."""
    ready = asyncio.Event()
    asyncio.get_running_loop().add_reader(0, ready.set)
    try:
        await ready.wait()
    finally:
        asyncio.get_running_loop().remove_reader(0)
    return os.read(0, 1024).decode().strip()


async def ask(question: Question) -> Answer | str:
    if question.needs_word:
        print(f"A word from the screen of {question.peer.name}? It is about {question.scope.text}.", flush=True)
        return await line()
    words = " and ".join(question.words)
    print(f"Is it {question.peer.name} ({question.peer.platform}), with {words} on its screen?", end=" ")
    print(f"It is about {question.scope.text}.", flush=True)
    return Answer.YES if await line() == "yes" else Answer.NO


def gift(store: FileStore, names: str) -> Gift:
    """These collections in place of the seed: their names, with commas between them."""
    seed = store.load()
    if seed is None:
        sys.exit("This device has no seed to give collections of.")
    with seed:
        return Gift(seed, {name: True for name in names.split(",")})


async def main(command: str, relay: str, folder: str, names: str = "") -> int:
    with FileStore(folder) as store, Client("Python device", store) as client:
        if command == "seed":
            store.save(Seed.random())
            return 0
        giving = gift(store, names) if names else None
        pairing = (
            client.offer(relay, approve=ask, accept=ask, giving=giving)
            if command == "offer"
            else client.join(await line(), relay, approve=ask, giving=giving)
        )
        async with pairing:
            async for state in pairing:
                print(f"{state.name}: {state.code or state.sentence}", *state.words, flush=True)
        return 0 if state.kind is StateKind.PAIRED else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
