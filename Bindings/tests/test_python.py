"""The wheel, installed into a fresh environment without a network: its own checks, its types, and a program that ends early."""

import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from support import BINDINGS, Child, Relay, environment, python, run


class Wheel(unittest.TestCase):
    def test_checks(self) -> None:
        with Relay() as relay:
            run(python(), "-W", "error", BINDINGS / "tests/python_checks.py", relay.url, env=environment())

    def test_types(self) -> None:
        """Every module compiles, and where mypy is installed, every type is right."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(BINDINGS / "python/easysetup", Path(folder) / "easysetup")
            run(sys.executable, "-W", "error", "-m", "compileall", "-q", folder)
        mypy = shutil.which("mypy")
        if mypy:
            run(mypy, "--strict", "--cache-dir=/dev/null", BINDINGS / "python/easysetup", BINDINGS / "examples/pair.py",
                env=environment(MYPYPATH=str(BINDINGS / "python")))

    def test_typed(self) -> None:
        """The wheel has the library, the marker of types, and a tag of its platform."""
        found = run(python(), "-c", "import easysetup, pathlib; print(*pathlib.Path(easysetup.__file__).parent.iterdir())")
        self.assertIn("libeasysetup.so.0", found)
        self.assertIn("py.typed", found)

    def test_relay_message(self) -> None:
        """A sentence of the relay's operator is a state before the code, and its parameter is the sentence alone."""
        script = (
            "import sys; from easysetup import *; store = MemoryStore(); client = Client('a', store, proxy=None);"
            "states = iter(client.offer(sys.argv[1])); told = next(s for s in states if s.kind is StateKind.RELAY_MESSAGE);"
            "print(told.name, told.parameters['message'], told.sentence, next(states).kind.name, sep='; ', flush=True)"
        )
        with Relay("--message", "Away at 8:00.") as relay, Child(python(), "-W", "error", "-c", script, relay.url) as child:
            self.assertEqual(child.ends(), 0, child.said)
            self.assertEqual(child.said, ['relay-message; Away at 8:00.; The relay says: "Away at 8:00."; OFFERED'])

    def test_end_of_python(self) -> None:
        """A program that ends in the middle of a pairing ends, and tells the other device."""
        script = (
            "import sys; from easysetup import *; store = MemoryStore(); client = Client('a', store, proxy=None);"
            "pairing = client.offer(sys.argv[1]);"
            "print(next(state.code for state in pairing if state.code), flush=True)"
        )
        with Relay() as relay, Child(python(), "-W", "error", "-c", script, relay.url) as child:
            self.assertEqual(child.ends(), 0, child.said)
            self.assertRegex(child.said[0], r"^\w{3}-\w{3}-\w{3}$")
            self.assertEqual(len(child.said), 1, child.said)

    def test_fork(self) -> None:
        """The child of a program with a pairing ends as any other, and the pairing goes on in the parent."""
        script = (
            "import os, sys; from easysetup import *; store = MemoryStore(); client = Client('a', store, proxy=None);"
            "pairing = client.offer(sys.argv[1]); next(state for state in pairing if state.code);"
            "child = os.fork(); child or sys.exit(0); print(os.waitpid(child, 0)[1], pairing.wait(0), flush=True);"
            "pairing.cancel(); print(list(pairing)[-1].error.name, pairing.wait(), flush=True)"
        )
        with Relay() as relay, Child(python(), "-W", "error", "-c", script, relay.url) as child:
            self.assertEqual(child.ends(), 0, child.said)
            self.assertEqual(child.said, ["0 False", "cancelled-here True"])


if __name__ == "__main__":
    unittest.main()
