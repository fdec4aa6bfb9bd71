"""What the tests of the bindings share: where things are, and programs as processes."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BINDINGS = ROOT / "Bindings"
HEADER = BINDINGS / "Sources/CEasySetup/include/easysetup.h"

PATIENCE = 300
"""Seconds until a program that says nothing counts as hung. Nothing here is measured."""


def _place(name: str, default: str) -> Path:
    return Path(os.environ.get(name) or ROOT / default)


# `scripts/test bindings` sets all three.
PREFIX = _place("BINDINGS_PREFIX", ".build/bindings/installed")
WHEELS = _place("BINDINGS_WHEELS", ".build/bindings/wheels")
PROGRAM = _place("BINDINGS_PROGRAM", ".build/debug/easysetup")


def run(*arguments: str | Path, **options: Any) -> str:
    """Runs a program that must succeed, and returns its output."""
    done = subprocess.run(
        [str(argument) for argument in arguments], capture_output=True, text=True, timeout=PATIENCE, **options
    )
    if done.returncode != 0:
        raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def environment(**more: str) -> dict[str, str]:
    """The environment for a program of the tests: without proxies, so that loopback is reached, and without what a person has set
    for the Swift program."""
    kept = {key: value for key, value in os.environ.items() if not re.search("proxy|^EASYSETUP_", key, flags=re.I)}
    ours = {"PKG_CONFIG_PATH": str(PREFIX / "lib/pkgconfig"), "XDG_CONFIG_HOME": str(BINDINGS / "tests")}
    return {**kept, **ours, **more}


class Child:
    """A running program. Its lines are read as they come."""

    def __init__(self, *arguments: str | Path, **more: str) -> None:
        self.process = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(**more),
        )
        self.said: list[str] = []
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            pipe.close()

    def line(self, wanted: Callable[[str], bool]) -> str:
        """The next line that is wanted."""
        while True:
            line = self._lines.get(timeout=PATIENCE)
            if line is None:
                raise AssertionError("it ended before it said what was wanted:\n" + "\n".join(self.said))
            self.said.append(line)
            if wanted(line):
                return line

    def starting(self, prefix: str) -> str:
        """The rest of the next line with this beginning."""
        return self.line(lambda line: line.startswith(prefix))[len(prefix) :].strip()

    def event(self, name: str) -> dict[str, Any]:
        """The next event of this name of the Swift program with `--json`."""
        line = self.line(lambda line: line.startswith("{") and json.loads(line).get("event") == name)
        found: dict[str, Any] = json.loads(line)
        return found

    def answer(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def ends(self) -> int:
        """Waits until it ends, and returns its exit code."""
        while (line := self._lines.get(timeout=PATIENCE)) is not None:
            self.said.append(line)
        return self.process.wait(PATIENCE)


class Relay(Child):
    """The built program as a relay on loopback."""

    def __init__(self, *more: str) -> None:
        # All devices of the tests have one address, and would be asked for work.
        limits = [f"--limit={name}=100000" for name in ("offersPerPrefix", "visitsPerPrefix", "missesPerPrefix")]
        super().__init__(PROGRAM, "relay", "--listen", "127.0.0.1:0", "--json", *limits, *more)
        self.url = f"ws://127.0.0.1:{self.event('listening')['port']}"


def swift(command: str, relay: str, folder: Path, *more: str) -> Child:
    """The built program as a device."""
    return Child(PROGRAM, command, "--relay", relay, "--store", folder, "--json", "--name", "Swift device", *more)


def fingerprint(folder: Path) -> str:
    """The user ID of the seed that a folder holds, as the Swift program reads it."""
    shown = run(PROGRAM, "seed", "show", "--store", folder, "--json", env=environment())
    user: str = json.loads(shown)["user_id"]
    return user


_environments: list[tempfile.TemporaryDirectory[str]] = []


def python() -> Path:
    """A Python that has the wheel installed, and nothing from outside: made once in a run of the tests."""
    if not _environments:
        _environments.append(tempfile.TemporaryDirectory())
        folder = Path(_environments[0].name)
        wheels = list(WHEELS.glob("easysetup-*.whl"))
        assert len(wheels) == 1, f"{WHEELS} has not one wheel, but {wheels}"
        run(sys.executable, "-m", "venv", folder)
        pip = [folder / "bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
        run(*pip, "--no-index", "--no-deps", wheels[0], env=environment())
    return Path(_environments[0].name) / "bin/python"
