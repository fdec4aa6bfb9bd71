"""The C programs of this folder: misuse, seeds, stores, whole pairings; and once more under valgrind."""

import base64
import json
import shlex
import shutil
import tempfile
import unittest
from pathlib import Path

from support import BINDINGS, PREFIX, ROOT, Relay, environment, run

FLAGS = ["-std=c11", "-g", "-Wall", "-Wextra", "-Werror", "-pedantic"]


def build(source: Path, folder: Path, compiler: str = "gcc", *more: str) -> Path:
    """Compiles a C program with pkg-config's flags, as docs/other-languages.md says."""
    flags = shlex.split(run("pkg-config", "--cflags", "--libs", "easysetup", env=environment()))
    program = folder / f"{source.stem}-{compiler}{''.join(more)}"
    run(compiler, *FLAGS, *more, source, "-o", program, *flags, "-pthread", f"-Wl,-rpath,{PREFIX}/lib")
    return program


def seed_arguments(folder: Path) -> list[str]:
    """One seed in all forms, and a membership, as Protocol/vectors has them."""
    vectors = ROOT / "Protocol/vectors"
    link = json.loads((vectors / "seed-link.json").read_text())["written"][0]
    phrase = json.loads((vectors / "recovery-phrase.json").read_text())["written"][0]
    keys = json.loads((vectors / "seed-derivation.json").read_text())["cases"][0]
    assert link["seed"] == phrase["seed"] == keys["seed"]
    chain = json.loads((vectors / "chain-records.json").read_text())
    membership = [chain["membership"]["bytes"], base64.urlsafe_b64decode(chain["user_id"] + "=").hex()]
    return [
        *(link["hex"], phrase["phrase"], link["link"], link["base64"], keys["user_id"], str(folder / "store")),
        *membership,
    ]


class Programs(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def checks(self, output: str) -> int:
        return int(output.splitlines()[-1].split()[0])

    def test_garbage(self) -> None:
        """NULL, garbage and wrong handles for every function give errors."""
        for compiler in ("gcc", "clang"):
            with self.subTest(compiler=compiler):
                self.assertGreater(self.checks(run(build(BINDINGS / "tests/garbage.c", self.folder, compiler))), 1000)

    def test_every_function_is_given_garbage(self) -> None:
        source = (BINDINGS / "tests/garbage.c").read_text()
        names = (BINDINGS / "easysetup.map").read_text().split("global:")[1].split("local:")[0].replace(";", "").split()
        self.assertEqual([name for name in names if f"{name}(" not in source], [])

    def test_seeds(self) -> None:
        """Forms, keys and signatures are those of the vectors; stores by callbacks and in folders work and fail as they should."""
        program = build(BINDINGS / "tests/seeds.c", self.folder)
        self.assertGreater(self.checks(run(program, *seed_arguments(self.folder))), 50)

    def test_pairs(self) -> None:
        """Pairings in one process: answers from callbacks and threads, cancelling, freeing, failing stores, fork."""
        program = build(BINDINGS / "tests/pairs.c", self.folder)
        with Relay() as relay:
            # More than once, because what threads do differs from time to time.
            self.assertGreater(self.checks(run(program, relay.url, "5", env=environment())), 3000)

    @unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
    def test_memory(self) -> None:
        """Nothing is read or written out of bounds. Of whole pairings valgrind can't tell what is lost, because Swift keeps marks in
        pointers, nor what is uninitialised, because Swift compares whole words of enums."""
        valgrind = ["valgrind", "--quiet", "--error-exitcode=9"]
        leaks = ["--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]
        run(*valgrind, *leaks, build(BINDINGS / "tests/garbage.c", self.folder))
        with Relay() as relay:
            pairs = build(BINDINGS / "tests/pairs.c", self.folder)
            run(*valgrind, "--undef-value-errors=no", pairs, relay.url, env=environment())

    def test_sanitized(self) -> None:
        """The same with the sanitizers of gcc, which also find what is lost."""
        flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
        run(build(BINDINGS / "tests/garbage.c", self.folder, "gcc", *flags))
        run(build(BINDINGS / "tests/seeds.c", self.folder, "gcc", *flags), *seed_arguments(self.folder))
        with Relay() as relay:
            run(build(BINDINGS / "tests/pairs.c", self.folder, "gcc", *flags), relay.url, env=environment())


if __name__ == "__main__":
    unittest.main()
