"""The examples in C and in Python against the built Swift program, at a real relay: both directions, and what goes wrong."""

import ast
import json
import re
import tempfile
import unittest
from pathlib import Path

from support import BINDINGS, HEADER, PROGRAM, ROOT, Child, Relay, environment, fingerprint, python, run, swift
from test_c import build


class Pairs:
    """The tests of one example. `self.example` starts it."""

    arguments: list[str | Path]

    @classmethod
    def setUpClass(cls) -> None:
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.temporary.name)
        cls.relay = Relay()
        cls.arguments = cls.prepare()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.relay.__exit__()
        cls.temporary.cleanup()

    def example(self, command: str, folder: Path, *more: str) -> Child:
        return Child(*self.arguments, command, self.relay.url, folder, *more)

    def swift(self, command: str, folder: Path, *more: str) -> Child:
        return swift(command, self.relay.url, folder, *more)

    def devices(self, holder: str) -> tuple[Path, Path]:
        """The folders of the example and of the Swift program, of which the holder has a seed."""
        folders = tuple(Path(tempfile.mkdtemp(dir=self.folder)) / "store" for _ in range(2))
        with (
            self.example("seed", folders[0])
            if holder == "example"
            else Child(PROGRAM, "seed", "new", "--store", folders[1], "--json")
        ) as child:
            self.assertEqual(child.ends(), 0, child.said)
        return folders

    def paired(self, example: Child, other: Child, folders: tuple[Path, Path]) -> None:
        other.event("paired")
        self.assertEqual([example.ends(), other.ends()], [0, 0], example.said)
        self.assertEqual(fingerprint(folders[0]), fingerprint(folders[1]))

    def test_example_gives_by_its_code(self) -> None:
        folders = self.devices(holder="example")
        with self.example("offer", folders[0]) as example, self.swift("join", folders[1]) as other:
            other.event("question")
            other.answer(self.code(example))
            self.assertIn("Swift device", example.starting(self.question))
            example.answer("yes")
            self.paired(example, other, folders)

    def test_example_receives_by_the_other_code(self) -> None:
        folders = self.devices(holder="swift")
        with self.swift("offer", folders[1]) as other, self.example("join", folders[0]) as example:
            example.answer(other.event("offered")["code"])
            self.assertEqual(other.event("peer")["name"], self.name)
            other.event("question")
            other.answer("yes")
            self.paired(example, other, folders)

    def test_example_receives_by_its_code(self) -> None:
        folders = self.devices(holder="swift")
        with self.example("offer", folders[0]) as example, self.swift("join", folders[1]) as other:
            other.event("question")
            other.answer(self.code(example))
            self.assertEqual(other.event("question")["question"], "word")
            other.answer(self.words(example)[0])
            example.starting(self.question)
            example.answer("yes")
            self.paired(example, other, folders)

    def test_example_gives_by_the_other_code(self) -> None:
        folders = self.devices(holder="example")
        # Without `--receive` the program asks first whether to make a seed.
        with self.swift("offer", folders[1], "--receive") as other, self.example("join", folders[0]) as example:
            example.answer(other.event("offered")["code"])
            example.starting(self.word_question)
            example.answer("ottter")
            # After a slip the question comes again.
            example.starting(self.word_question)
            example.answer(other.event("peer")["words"])
            other.event("question")
            other.answer("yes")
            self.paired(example, other, folders)

    def member(self, folder: Path, chain: Path) -> list[str]:
        """The collections of the membership that a folder holds, of the chain of another folder's seed."""
        shown = json.loads(run(PROGRAM, "seed", "show", "--store", folder, "--json", env=environment()))
        self.assertEqual((shown["event"], shown["user_id"]), ("membership", fingerprint(chain)))
        return shown["collections"]

    def test_example_gives_collections(self) -> None:
        """The Swift program gets them, by the code of each side."""
        for offers in (True, False):
            with self.subTest(offers=offers):
                folders = self.devices(holder="example")
                with (
                    self.example("offer" if offers else "join", folders[0], "notes,bookmarks") as example,
                    self.swift("join", folders[1]) if offers else self.swift("offer", folders[1], "--receive") as other,
                ):
                    if offers:
                        other.event("question")
                        other.answer(self.code(example))
                        self.assertIn("bookmarks, notes", example.starting(self.question))
                        example.answer("yes")
                    else:
                        example.answer(other.event("offered")["code"])
                        self.assertIn("bookmarks, notes", example.starting(self.word_question))
                        example.answer(other.event("peer")["words"])
                        other.event("question")
                        other.answer("yes")
                    self.assertEqual(other.event("paired")["collections"], ["bookmarks", "notes"])
                    self.assertEqual([example.ends(), other.ends()], [0, 0], example.said)
                self.assertEqual(self.member(folders[1], folders[0]), ["bookmarks", "notes"])

    def test_example_receives_collections(self) -> None:
        """The Swift program gives them. The example's folder then has a membership, with which it can give nothing."""
        folders = self.devices(holder="swift")
        with self.swift("offer", folders[1], "--only", "notes", "--read-only") as other, self.example("join", folders[0]) as example:
            example.answer(other.event("offered")["code"])
            other.event("question")
            other.answer("yes")
            other.event("paired")
            self.assertEqual([example.ends(), other.ends()], [0, 0], example.said)
        self.assertEqual(self.member(folders[0], folders[1]), ["notes"])
        with self.example("offer", folders[0], "notes") as example:
            self.assertNotEqual(example.ends(), 0)

    def test_example_declines(self) -> None:
        folders = self.devices(holder="example")
        with self.example("offer", folders[0]) as example, self.swift("join", folders[1]) as other:
            other.event("question")
            other.answer(self.code(example))
            example.starting(self.question)
            example.answer("no")
            self.assertEqual(other.event("failed")["error"], "declined")
            self.assertEqual(example.ends(), 1)

    def test_other_declines(self) -> None:
        folders = self.devices(holder="swift")
        with self.swift("offer", folders[1]) as other, self.example("join", folders[0]) as example:
            example.answer(other.event("offered")["code"])
            other.event("question")
            other.answer("no")
            self.assertEqual(example.ends(), 1)
            self.assertIn("said no", example.said[-1] + example.said[-2])

    def test_other_is_stopped(self) -> None:
        folders = self.devices(holder="swift")
        with self.swift("offer", folders[1]) as other, self.example("join", folders[0]) as example:
            example.answer(other.event("offered")["code"])
            other.event("question")
            other.interrupt()
            self.assertEqual(example.ends(), 1)
            self.assertIn("The other device stopped", "".join(example.said[-2:]))

    def test_other_is_stopped_during_the_question(self) -> None:
        """The example ends although nobody answers it, and its standard input stays open."""
        folders = self.devices(holder="example")
        with self.example("offer", folders[0]) as example, self.swift("join", folders[1]) as other:
            other.event("question")
            other.answer(self.code(example))
            example.starting(self.question)
            other.interrupt()
            self.assertEqual(example.ends(), 1)
            self.assertIn("The other device stopped", "".join(example.said[-2:]))

    def test_wrong_code(self) -> None:
        folders = self.devices(holder="swift")
        with self.swift("offer", folders[1]) as other, self.example("join", folders[0]) as example:
            example.answer(self.wrong(other.event("offered")["code"]))
            self.assertEqual(example.ends(), 1)
            other.event("wrong-proof")

    def test_mistyped_code(self) -> None:
        """A slip is found by the check symbol, before anything is sent."""
        folders = self.devices(holder="swift")
        with self.swift("offer", folders[1]) as other, self.example("join", folders[0]) as example:
            code = other.event("offered")["code"]
            example.answer(code[:-1] + ("0" if code[-1] != "0" else "1"))
            self.assertEqual(example.ends(), 1)
            self.assertNotIn("connecting", "".join(example.said))

    @staticmethod
    def wrong(code: str) -> str:
        """Another code for the same slot, with a right check symbol."""
        changed = code[:-2] + ("0" if code[-2] != "0" else "1")
        return next(changed + last for last in SYMBOLS if is_code(changed + last))


SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def is_code(code: str) -> bool:
    """Whether the check symbol of a code is right (Protocol/code.md, "Check")."""
    values = [SYMBOLS.index(symbol) for symbol in code.replace("-", "")]
    total = 0
    for value in reversed(values):
        total <<= 1
        total ^= 37 if total & 32 else 0
        total ^= value
    return total == len(values)


class C(Pairs, unittest.TestCase):
    name = "C device"
    question = "question: is it"
    word_question = "question: a word"

    @classmethod
    def prepare(cls) -> list[str | Path]:
        return [build(BINDINGS / "examples/pair.c", cls.folder)]

    def code(self, example: Child) -> str:
        return example.starting("code ")

    def words(self, example: Child) -> list[str]:
        return example.starting("words ").split()


class Python(Pairs, unittest.TestCase):
    name = "Python device"
    question = "Is it"
    word_question = "A word"

    @classmethod
    def prepare(cls) -> list[str | Path]:
        return [python(), BINDINGS / "examples/pair.py"]

    def code(self, example: Child) -> str:
        return example.starting("offered: ")

    def words(self, example: Child) -> list[str]:
        return example.starting("waiting: ").split()[-2:]


class Pages(unittest.TestCase):
    """The programs that stand on the pages."""

    def blocks(self, page: Path) -> list[str]:
        found = re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.S)
        self.assertEqual(len(found), 1, page)
        return found

    def test_readme(self) -> None:
        """The README's program pairs as it stands, but for the folder and the relay."""
        with tempfile.TemporaryDirectory() as temporary, Relay() as relay:
            folder, other = Path(temporary) / "a", Path(temporary) / "b"
            with Child(PROGRAM, "seed", "new", "--store", folder, "--json") as child:
                self.assertEqual(child.ends(), 0, child.said)
            program = Path(temporary) / "readme.py"
            text = self.blocks(BINDINGS / "python/README.md")[0]
            self.assertLess(text.count("\n"), 40)
            for was, becomes in (("/home/me/.app", str(folder)), ("wss://relay.example", relay.url)):
                self.assertIn(was, text)
                text = text.replace(was, becomes)
            program.write_text(text)
            with Child(python(), "-u", program) as example, swift("join", relay.url, other) as device:
                device.event("question")
                device.answer(example.line(lambda line: re.fullmatch(r"\w{3}-\w{3}-\w{3}", line) is not None))
                example.answer("y")
                device.event("paired")
                self.assertEqual([example.ends(), device.ends()], [0, 0], example.said)
            self.assertEqual(fingerprint(folder), fingerprint(other))

    def test_page(self) -> None:
        """The page's part of a program compiles, and names what there is."""
        text = self.blocks(ROOT / "docs/other-languages.md")[0]
        tree = compile(text, "page", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
        names = [name.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names]
        run(python(), "-c", f"from easysetup import {', '.join(names)}")
        page = (ROOT / "docs/other-languages.md").read_text()
        for function in set(re.findall(r"\beasysetup_\w+", page)):
            self.assertIn(f"{function}(", HEADER.read_text())


if __name__ == "__main__":
    unittest.main()
