"""The header, the library, and the lists of names: what a program that is linked today finds tomorrow."""

import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import BINDINGS, HEADER, PREFIX, ROOT, environment, run

TEXT = HEADER.read_text()
LIBRARY = PREFIX / "lib/libeasysetup.so.0"


def functions() -> dict[str, int]:
    """The functions of the header, with the numbers of their parameters."""
    code = re.sub(r"/\*.*?\*/", "", TEXT, flags=re.S)
    found = re.findall(r"\b(easysetup_\w+)\(([^()]*)\);", code)
    return {name: 0 if inside.strip() == "void" else inside.count(",") + 1 for name, inside in found}


class Names(unittest.TestCase):
    def test_exported(self) -> None:
        """The library exports the functions of the header, which are those of the list, and nothing else."""
        listed = re.findall(r"^    (\w+);$", (BINDINGS / "easysetup.map").read_text(), flags=re.M)
        exported = [line.split() for line in run("nm", "-D", "--defined-only", LIBRARY).splitlines()]
        self.assertEqual(sorted(listed), sorted(functions()))
        self.assertEqual({kind for _, kind, _ in exported}, {"T"})
        self.assertEqual(
            sorted(name for _, _, name in exported), sorted(f"{name}@@EASYSETUP_0" for name in listed)
        )

    def test_needed(self) -> None:
        """The library needs no Swift: only what a Debian has, and libsodium."""
        dynamic = run("readelf", "--dynamic", LIBRARY)
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
        allowed = {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libsodium.so.23"}
        self.assertEqual({name for name in needed if not name.startswith("ld-linux")}, allowed)
        self.assertIn("[libeasysetup.so.0]", dynamic)
        self.assertIn("NODELETE", dynamic)
        self.assertNotRegex(dynamic, "RPATH|RUNPATH")
        self.assertNotIn("not found", run("ldd", LIBRARY))

    def test_documented(self) -> None:
        """Every function and type of the header has a comment above it, and is on its own."""
        lines = TEXT.splitlines()
        for number, line in enumerate(lines):
            if re.match(r"(?!typedef int32_t)(typedef |[a-z].*\beasysetup_\w+\()", line) and not line.startswith(" "):
                self.assertRegex(lines[number - 1], r"\*/$", f"line {number + 1} has no comment: {line}")

    def test_errors(self) -> None:
        """Every error of the library has a number, by its name, in the header and in Python, and the numbers differ."""
        header = dict(re.findall(r"EASYSETUP_ERROR_(\w+) = (\d+)", TEXT))
        self.assertEqual(len(set(header.values())), len(header))
        table = dict(
            re.findall(r'"([a-z0-9-]+)": EASYSETUP_ERROR_(\w+),', (BINDINGS / "Sources/EasySetupC/ErrorCodes.swift").read_text())
        )
        self.assertEqual({name.upper().replace("-", "_") for name in table}, set(header) - {"APP", "OTHER"})
        self.assertEqual({name.upper().replace("-", "_") for name in table}, set(table.values()))
        python = dict(re.findall(r"^    (\w+) = (\d+)$", (BINDINGS / "python/easysetup/_codes.py").read_text(), flags=re.M))
        self.assertEqual({name: number for name, number in python.items() if name != "OK"}, header)
        codes: set[str] = set()
        for source in (
            "EasySetupPairingSession/Errors/PairingError+Codes.swift",
            "EasySetupPairingSession/Errors/StoreError.swift",
            "EasySetupSeed/Errors/SeedError.swift",
            "EasySetupHandshake/CodeError.swift",
        ):
            found = re.findall(r'public static let \w+ = Self\(rawValue: "([^"]+)"\)', (ROOT / "Sources" / source).read_text())
            self.assertGreater(len(found), 10, source)
            codes.update(found)
        # Of a chain's errors, those of memberships: the interface has no chain.
        members = {
            *("collection-name", "membership-too-large", "membership-unreadable"),
            *("certificate-unreadable", "certificate-not-signed"),
        }
        chain = (ROOT / "Sources/EasySetupChain/Errors/ChainError.swift").read_text()
        self.assertLessEqual(members, set(re.findall(r'public static let \w+ = Self\(rawValue: "([^"]+)"\)', chain)))
        codes |= members
        interface = re.findall(r'Self\(\s*"([a-z-]+)",', (BINDINGS / "Sources/EasySetupC/InterfaceError.swift").read_text())
        self.assertEqual(set(table), codes | set(interface) | {"relay-address", "relay-plain"})

    def test_states(self) -> None:
        """Every state of a pairing has a number, by its name, in the header and in Python."""
        source = (ROOT / "Sources/EasySetupPairingSession/States/PairingState+Texts.swift").read_text()
        names = re.findall(r'public static let \w+ = Self\(rawValue: "([^"]+)"\)', source)
        header = dict(re.findall(r"EASYSETUP_STATE_(\w+) = (\d+)", TEXT))
        self.assertEqual({name.upper().replace("-", "_") for name in names}, set(header))
        states = (BINDINGS / "python/easysetup/_states.py").read_text().split("class StateKind")[1].split("@classmethod")[0]
        self.assertEqual(dict(re.findall(r"^    (\w+) = (\d+)$", states, flags=re.M)), {"UNKNOWN": "0", **header})

    def test_limits(self) -> None:
        """Every limit of a device can be set by its name."""
        limits = (ROOT / "Sources/EasySetupPairingSession/States/ClientLimits.swift").read_text()
        names = re.findall(r"public var (\w+)", limits)
        settable = re.findall(r'"(\w+)": \\\.', (BINDINGS / "Sources/EasySetupC/ClientHandle.swift").read_text())
        self.assertGreater(len(names), 20)
        self.assertEqual(sorted(names), sorted(settable))

    def test_python(self) -> None:
        """Python declares every function of the header, with as many parameters."""
        source = (BINDINGS / "python/easysetup/_library.py").read_text()
        table = source.split("FUNCTIONS: ")[1].split("\n}\n")[0]
        self.assertEqual(re.findall(r'^    "(\w+)": ', table, flags=re.M), [name[10:] for name in functions()])
        script = "import json, sys; sys.path.insert(0, sys.argv[1]); from easysetup._library import FUNCTIONS;" + (
            "print(json.dumps({name: len(arguments) for name, (_, arguments) in FUNCTIONS.items()}))"
        )
        counts = json.loads(
            run("python3", "-c", script, BINDINGS / "python", env=environment(LIBEASYSETUP=str(LIBRARY)))
        )
        self.assertEqual({f"easysetup_{name}": count for name, count in counts.items()}, functions())

    def test_versions(self) -> None:
        """The header, the Python package and pkg-config name the newest version of the changelog."""
        newest = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), flags=re.M)
        assert newest
        self.assertIn(f'#define EASYSETUP_VERSION "{newest[1]}"', TEXT)
        self.assertIn(f'VERSION = "{newest[1]}"', (BINDINGS / "python/easysetup/_version.py").read_text())
        self.assertEqual(run("pkg-config", "--modversion", "easysetup", env=environment()).strip(), newest[1])
        self.assertEqual((PREFIX / f"lib/libeasysetup.so.{newest[1]}").resolve(), LIBRARY.resolve())


class Compilers(unittest.TestCase):
    """The header compiles alone, in C and in C++, with every warning an error."""

    def test_header(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for suffix, compilers in (("c", (["gcc", "-std=c11"], ["clang", "-std=c11"])), ("cpp", (["g++"], ["clang++"]))):
                source = Path(folder) / f"alone.{suffix}"
                source.write_text('#include <easysetup.h>\n#include <easysetup.h>\nint alone(void);\nint alone(void) { return EASYSETUP_OK; }\n')
                for compiler in compilers:
                    with self.subTest(compiler=compiler[0]):
                        run(*compiler, "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", f"-I{PREFIX}/include", source)

    def test_undeclared(self) -> None:
        """A program that calls what the header lacks does not compile, so the test above would see a header that is broken."""
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "lacks.c"
            source.write_text("#include <easysetup.h>\nvoid *lacks(void) { return easysetup_unheard_of(); }\n")
            done = subprocess.run(
                ["gcc", "-std=c11", "-Wall", "-Werror", "-fsyntax-only", f"-I{PREFIX}/include", str(source)], capture_output=True
            )
            self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
