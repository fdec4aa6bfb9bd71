"""A headless Chromium for tests, through pipes (Chrome DevTools Protocol), so that it needs no library."""
import contextlib
import json
import os
import select
import subprocess
import sys
import time

# No step of a browser takes so long, even on a busy machine. It ends a browser that is stuck.
PATIENCE = 300


class Browser:
    """A Chromium that loads nothing but pages of this machine."""

    def __init__(self, program, folder):
        to_browser, self.out = os.pipe()
        self.inn, from_browser = os.pipe()
        # Chromium reads at 3 and writes at 4.
        high = [os.dup2(end, place) for end, place in ((to_browser, 100), (from_browser, 101))]
        os.close(to_browser)
        os.close(from_browser)

        def place_ends():
            for end, place in zip(high, (3, 4)):
                os.dup2(end, place)

        options = [
            "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={folder}", "--no-first-run", "--disable-gpu",
            "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-extensions", "--no-default-browser-check", "--hide-scrollbars", "--no-proxy-server",
            # It loads only pages of this machine, and containers often allow no sandbox.
            "--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ]
        self.log = open(os.path.join(folder, "browser.log"), "wb")
        self.process = subprocess.Popen(
            [program, *options, "about:blank"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            preexec_fn=place_ends, pass_fds=(3, 4), env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": "disabled:"},
        )
        for end in high:
            os.close(end)
        self.rest = b""
        self.last = 0
        self.events = []

    def close(self):
        with contextlib.suppress(OSError):
            self.send("Browser.close", {}, None)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def send(self, method, parameters, session):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        return self.last

    def receive(self, deadline):
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.inn], [], [], max(0, deadline - time.monotonic()))
            data = os.read(self.inn, 1 << 16) if ready else b""
            if not data:
                sys.exit("the browser " + ("has ended" if ready else "does not answer"))
            self.rest += data
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, parameters=None, session=None):
        number = self.send(method, parameters or {}, session)
        deadline = time.monotonic() + PATIENCE
        while True:
            message = self.receive(deadline)
            if message.get("id") == number:
                if "error" in message:
                    sys.exit(f"the browser: {method}: {message['error']}")
                return message["result"]
            if "method" in message:
                self.events.append(message)


class Tab:
    """A tab of its own size and colours, and what went wrong in it."""

    def __init__(self, browser, width, scheme, has_script=True):
        self.browser = browser
        self.target = browser.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self.session = browser.call("Target.attachToTarget", {"targetId": self.target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.call(domain + ".enable")
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
        self.call("Emulation.setDeviceMetricsOverride", size)
        self.call("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        if not has_script:
            self.call("Emulation.setScriptExecutionDisabled", {"value": True})

    def call(self, method, parameters=None):
        return self.browser.call(method, parameters, self.session)

    def close(self):
        self.browser.call("Target.closeTarget", {"targetId": self.target})

    def value(self, expression):
        result = self.call("Runtime.evaluate", {"expression": expression, "returnByValue": True, "awaitPromise": True})
        if "exceptionDetails" in result:
            sys.exit(f"the browser: {expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def until(self, expression):
        deadline = time.monotonic() + PATIENCE
        while not self.value(expression):
            if time.monotonic() > deadline:
                sys.exit(f"the browser: never: {expression}")
            time.sleep(0.02)

    def open(self, url, ready):
        self.call("Page.navigate", {"url": url})
        self.until(f"location.href === {json.dumps(url)} && document.readyState === 'complete' && Boolean({ready})")

    def take(self, *methods):
        """The events of this tab by these methods since the last call."""
        mine = [event for event in self.browser.events if event.get("sessionId") == self.session]
        self.browser.events = [event for event in self.browser.events if event not in mine]
        return [event for event in mine if event["method"] in methods]

    def complaints(self):
        """What the console says, violations of the content security policy among it."""
        texts = []
        for event in self.take("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            texts.append(f"{event['method']}: {json.dumps(event['params'])[:500]}")
        return texts
