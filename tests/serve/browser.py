"""A headless Chromium that a test drives: the DevTools protocol over a pipe, which needs no other
package. Commands are answered one after the other; events are kept until somebody asks."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def find():
    """The browser that is here, None where there is none."""
    return next((found for found in map(shutil.which, NAMES) if found), None)


class Browser:
    def __init__(self, program):
        self.home = tempfile.TemporaryDirectory(prefix="gantry-browser-", ignore_cleanup_errors=True)
        theirs, self.out = os.pipe()
        self.into, answers = os.pipe()
        # It reads from descriptor 3 and writes to 4; what is there now is moved away first.
        high = [os.dup2(fd, 100 + n) for n, fd in enumerate((theirs, answers))]
        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox",
             "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir=" + self.home.name,
             "about:blank"],
            pass_fds=(3, 4), preexec_fn=lambda: (os.dup2(high[0], 3), os.dup2(high[1], 4)),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for fd in (theirs, answers, *high):
            os.close(fd)
        self.buffer, self.last, self.session, self.events = b"", 0, None, []
        page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"],
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")

    def _read(self, seconds):
        """The next message, None where none came in time."""
        until = time.monotonic() + seconds
        while b"\0" not in self.buffer:
            if not select.select([self.into], [], [], max(0, until - time.monotonic()))[0]:
                return None
            more = os.read(self.into, 1 << 20)
            if not more:
                raise SystemExit("the browser has ended")
            self.buffer += more
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while (answer := self._read(60)) is not None:
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise SystemExit("%s: %s" % (method, answer["error"]))
                return answer["result"]
            self.events.append(answer)
        raise SystemExit("the browser does not answer %s" % method)

    def run(self, script):
        """The value of an expression, or of the promise that it is."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                           awaitPromise=True, userGesture=True)
        if "exceptionDetails" in answer:
            raise SystemExit("%s: %s" % (script, answer["exceptionDetails"]))
        return answer["result"].get("value")

    def wait(self, script, seconds=30):
        """Whether an expression comes true within a generous time."""
        until = time.monotonic() + seconds
        while not self.run("Boolean(%s)" % script):
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        return True

    def size(self, width, height, scheme="light"):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def go(self, url):
        self.call("Page.navigate", url=url)

    def picture(self, path, kind="png"):
        answer = self.call("Page.captureScreenshot", format=kind,
                           **({"quality": 80} if kind == "jpeg" else {}))
        with open(path, "wb") as f:
            f.write(base64.b64decode(answer["data"]))

    def complaints(self):
        """What the console has said since the last time: errors, exceptions, refused by the CSP."""
        self.run("0")
        said = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                said.append(params["exceptionDetails"].get("exception", {}).get("description") or
                            params["exceptionDetails"]["text"])
            elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
                said.append("%s (%s)" % (params["entry"]["text"], params["entry"].get("url")))
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
                said.append(json.dumps(params["args"]))
        self.events = []
        return said

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.out)
        os.close(self.into)
        self.home.cleanup()
