# SPDX-License-Identifier: BSD-2-Clause
"""A Chromium without a window, for pages that vernier makes.

It is spoken to in its DevTools protocol, over a pair of pipes: JSON texts that
end with a NUL. So what it fetches, what it complains of and what the page
measures is asked of the page as it is, without a script put into it.
"""
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

from harness import Skip

LIMIT_S = 40  # for one answer; Chromium takes its time to begin
READ, WRITE = 3, 4  # the descriptors on which it listens and answers


class Browser:
    """As a context it is ended with all its processes."""

    def __init__(self):
        program = shutil.which("chromium")
        if not program:
            raise Skip("no chromium")
        self._folder = tempfile.mkdtemp(prefix="vernier-browser-")
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()
        self._log = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--enable-logging=stderr",
             "--remote-debugging-pipe", "--user-data-dir=" + self._folder, "about:blank"],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, pass_fds=(),
            close_fds=False, start_new_session=True, env={**os.environ, "HOME": self._folder},
            preexec_fn=lambda: self._place(to_read, to_write))
        os.close(to_read)
        os.close(to_write)
        self._last, self._buffer, self._session = 0, b"", None
        self.requests, self.complaints = [], []
        self._attach()

    @staticmethod
    def _place(to_read, to_write):
        """In the child: the ends to where they belong, by way of high numbers."""
        high = [os.dup(os.dup2(fd, 100 + i)) for i, fd in enumerate((to_read, to_write))]
        os.dup2(high[0], READ)
        os.dup2(high[1], WRITE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._to)
        os.close(self._from)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _message(self):
        end = time.monotonic() + LIMIT_S
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], max(0, end - time.monotonic()))
            data = os.read(self._from, 1 << 20) if ready else b""
            if not data:
                self._log.seek(0)
                raise AssertionError("no answer from Chromium: " + self._log.read()[-2000:])
            self._buffer += data
        text, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(text)

    def _take(self, message):
        """What it tells of its own accord."""
        method, what = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(what["request"]["url"])
        elif method == "Log.entryAdded":
            self.complaints.append(what["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(what["exceptionDetails"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append("console.%s" % what["type"])
        return method

    def call(self, method, **params):
        self._last += 1
        request = {"id": self._last, "method": method, "params": params}
        if self._session:
            request["sessionId"] = self._session
        os.write(self._to, json.dumps(request).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise AssertionError("%s: %s" % (method, answer["error"]["message"]))
                return answer["result"]
            self._take(answer)

    def _attach(self):
        pages = [t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page"]
        self._session = self.call("Target.attachToTarget", targetId=pages[0]["targetId"],
                                  flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(domain + ".enable")

    def show(self, width, height=900, dark=False, media="screen"):
        """How wide the window is, and what its user prefers."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media=media, features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def load(self, path):
        """Opens a file and waits until it is there. What went before is forgotten."""
        self.requests, self.complaints = [], []
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        while self._take(self._message()) != "Page.loadEventFired":
            pass

    def ask(self, expression):
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError("%s: %s" % (expression, answer["exceptionDetails"]["text"]))
        return answer["result"].get("value")

    def picture(self, path):
        """The whole page as PNG; returns its bytes."""
        data = base64.b64decode(self.call("Page.captureScreenshot",
                                          captureBeyondViewport=True)["data"])
        with open(path, "wb") as f:
            f.write(data)
        return data
