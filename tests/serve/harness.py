"""What the tests of the server share: a running `gantry serve`, requests whose replies are checked
against /openapi.json, and results as TAP."""
import atexit
import http.client
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time

GANTRY, FILL = sys.argv[1], sys.argv[2]
# Times a deadline: more under sanitizers.
PATIENCE = float(os.environ.get("GANTRY_TEST_PATIENCE", "1"))
# The operations that another program than test_rest.py calls: each program checks that it did.
TESTED_IN = {"alerts": {"list_alerts", "acknowledge_alert"},
             "live": {"watch_stream_pictures", "ws_stream_video"},
             "sockets": {"ws_realtime", "ws_monitoring", "ws_alerts", "ws_violations"}}
_count = 0
_failed = 0
_unlike = []  # replies that are not what the document says


def check(what, right, seen=None):
    global _count, _failed
    _count += 1
    _failed += not right
    print(("ok" if right else "not ok"), _count, "-", what, flush=True)
    if not right and seen is not None:
        print("#", repr(seen)[:2000], flush=True)


def finish():
    check("every reply was what the document says", not _unlike, _unlike[:5])
    print("1..%d" % _count)
    sys.exit(_failed > 0)


def folder():
    return tempfile.TemporaryDirectory(prefix="gantry-serve-")


def fill(store, count, *evidence, outbox=False, traffic=False):
    asked = {"FILL_OUTBOX": outbox, "FILL_TRAFFIC": traffic}
    subprocess.run([FILL, store, str(count), *evidence], check=True,
                   env=dict(os.environ, **{name: "1" for name in asked if asked[name]}))


def eventually(what, true, seconds=60):
    """Looks again and again, for a generous time."""
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.1)
    check(what, true())


def small_world(home):
    """The built-in world at a quarter of its size, and the scene file that fits it."""
    root = os.environ["GANTRY_SOURCE_ROOT"]
    with open(root + "/etc/scenes/builtin.yaml", encoding="utf-8") as f:
        text = f.read()
    text = re.sub(r"video: .*", "video: {width_px: 640, height_px: 360, fps: 12.5}", text, count=1)
    text = re.sub(r"focal_px: 1350", "focal_px: 675", text)
    with open(home + "/world.yaml", "w", encoding="utf-8") as f:
        f.write(text)
    subprocess.run([GANTRY, "sim", home + "/world.yaml", "--blind", "-q", "-o", home + "/sim"],
                   check=True)
    return "sim:" + home + "/world.yaml", home + "/sim/scene.yaml"


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


def spawn(command, **options):
    """A process that does not outlive a test that failed."""
    process = subprocess.Popen(command, **options)
    atexit.register(process.kill)
    return process


class Server:
    """`gantry serve` on a port of the kernel's choice. Every reply is checked against the document,
    which is the same for all of them."""
    document = None

    def __init__(self, store, *options, environment=None, config=None):
        command = [GANTRY, "serve", "--set", "store.path=" + store]
        if config:
            command += ["-c", config]
        for option in ("server.port=0", "server.requests_per_second=0") + options:
            command += ["--set", option]
        self.process = spawn(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, **(environment or {})))
        self.token = None
        self.log = []
        self.port = self._port()
        first = self._first()
        self.token = first.group(0) if first else None
        # A pipe that nobody empties would hold up the server.
        self.reader = threading.Thread(target=self._read_log, daemon=True)
        self.reader.start()
        self.called = set()

    def _port(self):
        for line in self.process.stderr:
            self.log.append(line)
            found = re.search(r"listening on \w+://.*:(\d+)", line)
            if found:
                return int(found.group(1))
        raise SystemExit("the server did not start: " + "".join(self.log))

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line)

    def _first(self):
        """The token, where one was said: before the line that names the port."""
        ready, _, _ = select.select([self.process.stdout], [], [], 0)
        said = os.read(self.process.stdout.fileno(), 4096).decode() if ready else ""
        return re.search(r"gantry_[0-9a-f]{64}", said)

    def raw(self, method, path, body=None, headers=None, token=True):
        """One request over a connection of its own, whatever its status."""
        if not Server.document:
            Server.document = self._request("GET", "/openapi.json", None, None, False).json
        reply = self._request(method, path, body, headers, token)
        wrong = self._against_document(method, path, reply)
        if wrong:
            _unlike.append((method, path, reply.status, wrong, reply.body[:600]))
        return reply

    def _request(self, method, path, body, headers, token):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10 * PATIENCE)
        send = dict(headers or {})
        if token and self.token:
            send["Authorization"] = "Bearer " + (token if token is not True else self.token)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            send.setdefault("Content-Type", "application/json")
        c.request(method, path, body, send)
        r = c.getresponse()
        reply = Reply(r.status, r.headers, r.read())
        c.close()
        return reply

    def ask(self, method, path, status, body=None, headers=None, token=True):
        """A request whose status is known."""
        reply = self.raw(method, path, body, headers, token)
        check("%s %s: %d" % (method, path, status), reply.status == status,
              (reply.status, reply.body[:600]))
        return reply

    def every_operation_called(self, program):
        """Whether the program called what is its to call (TESTED_IN)."""
        names = {o["operationId"] for p in self.document["paths"].values() for o in p.values()}
        others = set().union(*TESTED_IN.values())
        check("no operation is listed that is not there", others <= names, others - names)
        left = TESTED_IN.get(program, names - others) - self.called
        check("every operation was called", not left, left)

    def operation(self, method, path):
        """What the document says of it, None where nothing."""
        path = path.split("?")[0]
        best = None
        for pattern, operations in self.document["paths"].items():
            expression = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(pattern))
            if re.fullmatch(expression, path) and (best is None or "{" not in pattern):
                best = operations
        return (best or {}).get({"HEAD": "get"}.get(method, method.lower()))

    def _against_document(self, method, path, reply):
        if method in ("HEAD", "OPTIONS") or reply.status == 304:
            return "a body" if reply.body else None
        operation = self.operation(method, path)
        if operation and reply.status < 400:
            self.called.add(operation["operationId"])
        if reply.status >= 400:
            if reply.headers["Content-Type"] != "application/problem+json":
                return "no problem document"
            return self.invalid(reply.json, {"$ref": "#/components/schemas/Problem"})
        response = operation["responses"].get(str(reply.status)) if operation else None
        if response is None:
            return "the document knows no %d here" % reply.status
        content = response.get("content", {})
        kind = (reply.headers["Content-Type"] or "").split(";")[0]
        if content and kind not in content and "application/octet-stream" not in content:
            return "%s is none of %s" % (kind, list(content))
        schema = content.get("application/json", {}).get("schema")
        return self.invalid(reply.json, schema) if schema else None

    def invalid(self, value, schema, at="$"):
        """Why `value` is not what JSON Schema says, None where it is: the words used here."""
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].split("/")[-1]]
        if "oneOf" in schema:
            wrong = [self.invalid(value, s, at) for s in schema["oneOf"]]
            return None if None in wrong else wrong[0]
        names = schema.get("type", [])
        names = names if isinstance(names, list) else [names]
        kinds = {"object": dict, "array": list, "string": str, "boolean": bool,
                 "integer": int, "number": (int, float), "null": type(None)}
        if names and not any(isinstance(value, kinds[n]) and
                             not (n in ("integer", "number") and isinstance(value, bool))
                             for n in names):
            return "%s is no %s: %r" % (at, names, value)
        if "enum" in schema and value not in schema["enum"]:
            return "%s: %r is none of %s" % (at, value, schema["enum"])
        if isinstance(value, str) and not (
                schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 1 << 20)):
            return "%s has the wrong length" % at
        if schema.get("format") == "date-time" and isinstance(value, str) and \
                not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value):
            return "%s is no time: %r" % (at, value)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and not (
                schema.get("minimum", value) <= value <= schema.get("maximum", value)):
            return "%s is out of range: %r" % (at, value)
        if isinstance(value, dict):
            return self._invalid_object(value, schema, at)
        if isinstance(value, list) and "items" in schema:
            for i, item in enumerate(value):
                wrong = self.invalid(item, schema["items"], "%s[%d]" % (at, i))
                if wrong:
                    return wrong
        return None

    def _invalid_object(self, value, schema, at):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                return "%s.%s is missing" % (at, name)
        for name, item in value.items():
            more = schema.get("additionalProperties", {})
            if name not in properties and more is False:
                return "%s.%s is not known" % (at, name)
            wrong = self.invalid(item, properties.get(name, more or {}), at + "." + name)
            if wrong:
                return wrong
        return None

    def stop(self, how=signal.SIGTERM):
        """Ends it; its exit code."""
        self.process.send_signal(how)
        code = self.process.wait(timeout=30)
        self.reader.join(timeout=30)
        return code
