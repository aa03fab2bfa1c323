"""`gantry serve` as a service: systemd's notifications, SIGHUP, TLS, limits by configuration, a backend
that is told, retention."""
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time

from harness import PATIENCE, Server, check, fill, finish, folder


def notifications(home):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(home + "/notify")
        listener.settimeout(10)
        s = Server(home + "/a.db", environment={"NOTIFY_SOCKET": home + "/notify",
                                                "WATCHDOG_USEC": "2000000"})
        check("ready", listener.recv(100) == b"READY=1")
        check("watchdog", listener.recv(100) == b"WATCHDOG=1")
        before = time.monotonic()
        code = s.stop()
        took = time.monotonic() - before
        check("ends with 0 within 2 s", code == 0 and took < 2 * PATIENCE, (code, took))
        said = listener.recv(100)
        while said == b"WATCHDOG=1":
            said = listener.recv(100)
        check("stopping", said == b"STOPPING=1", said)


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def wait_for(what, true):
    until = time.monotonic() + 10
    while not true() and time.monotonic() < until:
        time.sleep(0.05)
    check(what, true())


def reload(home):
    config = home + "/gantry.yaml"
    write(config, "server: {cors_origins: ['https://a.example']}\n")
    s = Server(home + "/b.db", config=config)

    def origin(name):
        reply = s.raw("GET", "/health", headers={"Origin": name}, token=False)
        return reply.headers["Access-Control-Allow-Origin"]

    check("an origin that may", origin("https://a.example") == "https://a.example")
    check("one that may not", origin("https://b.example") is None)
    write(config, "server: {cors_origins: ['https://b.example']}\n")
    s.process.send_signal(signal.SIGHUP)
    wait_for("read again", lambda: origin("https://b.example") == "https://b.example")
    write(config, "server: {cors_origins: 7}\n")
    s.process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    check("a wrong file changes nothing", origin("https://b.example") == "https://b.example")
    s.stop()
    check("and is said", any("going on with the one before" in line for line in s.log), s.log)


def performance(s):
    return s.raw("GET", "/monitoring/performance").json["backend"]


def again(s, what):
    """SIGHUP, and what the log has to say then."""
    before = len(s.log)
    s.process.send_signal(signal.SIGHUP)
    wait_for(what, lambda: any(what in line for line in s.log[before:]))


def open_alerts(s):
    return [a["rule"] for a in s.raw("GET", "/alerts?open=true").json["items"]]


RULE = "{name: %s, metric: memory_percent, operator: '>', threshold: %d, severity: info}"


def reload_everything(home):
    """Rules of alerts, a backend, retention and limits come, change and go with SIGHUP alone."""
    store, took, config = home + "/i.db", home + "/i.jsonl", home + "/i.yaml"
    fill(store, 10, outbox=True)
    program = os.environ["GANTRY_SOURCE_ROOT"] + "/tests/relay/backend.py"
    write(config, "alerts: [%s, %s]\n" % (RULE % ("stays", 0), RULE % ("goes", 0)))
    s = Server(store, config=config)
    wait_for("rules of the start", lambda: sorted(open_alerts(s)) == ["goes", "stays"])
    first = s.raw("GET", "/alerts?open=true").json["items"]
    with subprocess.Popen([sys.executable, program, took], stdout=subprocess.PIPE,
                          text=True) as other:
        port = int(other.stdout.readline())
        write(config, "alerts: [%s, %s]\nbackend: {url: 'http://127.0.0.1:%d/v', secret: secret}\n"
              "retention: {every_s: 1}\n" % (RULE % ("stays", 1), RULE % ("comes", 0), port))
        again(s, "read again")
        wait_for("other rules", lambda: sorted(open_alerts(s)) == ["comes", "stays"])
        check("an alert whose rule stays goes on",
              [a["id"] for a in first if a["rule"] == "stays"] ==
              [a["id"] for a in s.raw("GET", "/alerts?open=true").json["items"]
               if a["rule"] == "stays"])
        wait_for("a backend", lambda: performance(s)["told"] == 10)
        other.terminate()
    write(config, "backend: {url: 'ftp://127.0.0.1/'}\n")
    again(s, "going on with the one before")
    write(config, "backend: {url: 'http://127.0.0.1:1/', token: \"a\\nb\"}\n")
    again(s, "going on with the one before")
    check("a wrong backend changes nothing", performance(s)["told"] == 10 and
          sorted(open_alerts(s)) == ["comes", "stays"])
    check("violations stay", len(s.raw("GET", "/violations").json["items"]) == 10)
    write(config, "server: {max_body_bytes: 2000, host: 127.0.0.2}\n"
          "store: {evidence_dir: /nowhere}\nretention: {violations_days: 30}\n")
    again(s, "read again")
    check("no backend", performance(s) is None)
    wait_for("no rules", lambda: not open_alerts(s))
    wait_for("retention", lambda: not s.raw("GET", "/violations").json["items"])
    check("limits", s.raw("PATCH", "/violations/1", "x" * 2001,
                          headers={"Content-Type": "application/json"}).status == 413)
    for name in ("server.host: '127.0.0.2'", "store.evidence_dir: '/nowhere'"):
        check("needs a restart: " + name, any(name + " needs a restart" in line for line in s.log),
              s.log[-5:])
    check("ends with 0", s.stop() == 0)
    check("secrets are not in the log", not any("secret" in line for line in s.log))


def make_certificate(home, kind, *options):
    key, certificate = home + "/key.pem", home + "/cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", kind, *options, "-nodes", "-keyout", key,
                    "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    with open(certificate, encoding="ascii") as f:
        return key, certificate, ssl.PEM_cert_to_DER_cert(f.read())


def shown(s):
    """The certificate, and whether a request is answered."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", s.port), timeout=10) as plain, \
            context.wrap_socket(plain) as c:
        c.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        check("a handshake", c.recv(1000).startswith(b"HTTP/1.1 200"))
        return c.getpeercert(binary_form=True)


def certificates(home):
    """A certificate is renewed; by one of another kind of key; one whose key does not fit is not."""
    key, certificate, one = make_certificate(home, "rsa:2048")
    s = Server(home + "/j.db", "server.tls_certificate=" + certificate, "server.tls_key=" + key)
    check("the first", shown(s) == one)
    _, _, other = make_certificate(home, "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    check("none but the first before SIGHUP", shown(s) == one)
    again(s, "read again")
    check("the next, with another kind of key", shown(s) == other)
    with open(certificate, encoding="ascii") as f:
        fits = f.read()
    make_certificate(home, "rsa:2048")
    write(certificate, fits)
    again(s, "the certificate stays what it was")
    check("what does not fit is not shown", shown(s) == other)
    write(key, "nothing\n")
    again(s, "the certificate stays what it was")
    check("what is no key neither", shown(s) == other)
    check("ends with 0", s.stop() == 0)


def tls(home):
    key, certificate, _ = make_certificate(home, "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    s = Server(home + "/c.db", "server.tls_certificate=" + certificate, "server.tls_key=" + key)
    context = ssl.create_default_context(cafile=certificate)
    with socket.create_connection(("127.0.0.1", s.port), timeout=10) as plain, \
            context.wrap_socket(plain, server_hostname="127.0.0.1") as c:
        c.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        check("over TLS", c.recv(1000).startswith(b"HTTP/1.1 200"))
    said = b""
    with socket.create_connection(("127.0.0.1", s.port), timeout=10) as plain:
        plain.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        while more := plain.recv(4096):
            said += more
    problem = json.loads(said.partition(b"\r\n\r\n")[2])
    check("without it: 400, and why", problem["status"] == 400 and "https://" in problem["detail"],
          said)
    s.stop()


def limits(home):
    s = Server(home + "/d.db", "server.requests_per_second=5", "server.max_connections_per_address=3",
               "server.loopback_without_token=true")
    check("from this machine without a token",
          s.raw("GET", "/tokens", token=False).status == 200)
    seen = [s.raw("GET", "/health", token=False) for _ in range(30)]
    slow = [r for r in seen if r.status == 429]
    check("too fast: 429 with Retry-After",
          slow and slow[0].headers["Retry-After"] == "1", [r.status for r in seen])
    held = [socket.create_connection(("127.0.0.1", s.port), timeout=10) for _ in range(3)]
    time.sleep(0.2)
    with socket.create_connection(("127.0.0.1", s.port), timeout=10) as one_more:
        try:
            left = one_more.recv(10)
        except ConnectionResetError:
            left = b""
        check("one connection too many is closed", left == b"")
    for c in held:
        c.close()
    s.stop()


def locked(home):
    s = Server(home + "/e.db")
    seen = [s.raw("GET", "/violations", token="wrong").status for _ in range(11)]
    check("ten wrong tokens lock the address out", seen == [401] * 10 + [429], seen)
    check("the right one too", s.raw("GET", "/violations").status == 429)
    check("not who needs none", s.raw("GET", "/health", token=False).status == 200 and
          s.raw("GET", "/violations", token=False).status == 401)
    s.stop()


def backend(home):
    """Ten violations wait in the outbox; the backend fails twice and then takes them."""
    store, took = home + "/f.db", home + "/took.jsonl"
    fill(store, 10, outbox=True)
    program = os.environ["GANTRY_SOURCE_ROOT"] + "/tests/relay/backend.py"
    with subprocess.Popen([sys.executable, program, took, "500", "close"],
                          stdout=subprocess.PIPE, text=True) as other:
        url = "http://127.0.0.1:%d/v" % int(other.stdout.readline())
        s = Server(store, "backend.url=" + url, "backend.retry_delay_s=0.05",
                   environment={"GANTRY_BACKEND_TOKEN": "t0ken",
                                "GANTRY_BACKEND_SECRET": "secret"})

        def told():
            with open(took, encoding="utf-8") as f:
                return [json.loads(line) for line in f]
        wait_for("all are told", lambda: len({v["key"] for v in told()}) == 10)
        check("with token and signature", all(v["token"] == "Bearer t0ken" and v["signed"]
                                              for v in told()), told()[:1])
        for device in ("north", "south"):
            ids = [v["body"]["id"] for v in told() if v["body"]["device_id"] == device]
            check("those of %s in order" % device, ids == sorted(ids), ids)
        check("ends with 0", s.stop() == 0)
        log = "".join(s.log)
        check("failures in the log, secrets not", "do not reach the backend" in log and
              "t0ken" not in log and "secret" not in log, log)
        other.terminate()


def backend_in_trouble(home):
    """It takes nothing for a while: whoever looks is told, and an alert goes on until it does."""
    store, took, config = home + "/h.db", home + "/h.jsonl", home + "/h.yaml"
    write(config, "alerts: [{name: backend_down, metric: backend.up, operator: '<', threshold: 1,"
                  " description: takes nothing}]\n")
    fill(store, 10, outbox=True)
    program = os.environ["GANTRY_SOURCE_ROOT"] + "/tests/relay/backend.py"
    with subprocess.Popen([sys.executable, program, took] + ["500"] * 12,
                          stdout=subprocess.PIPE, text=True) as other:
        url = "http://127.0.0.1:%d/v" % int(other.stdout.readline())
        s = Server(store, "backend.url=" + url, "backend.retry_delay_s=0.05",
                   "backend.retry_max_s=0.1", config=config,
                   environment={"GANTRY_BACKEND_TOKEN": "t0ken", "GANTRY_BACKEND_SECRET": "secret"})
        wait_for("degraded", lambda: s.raw("GET", "/health", token=False).json["troubles"] ==
                 ["backend"])
        wait_for("with an alert", lambda: [a["message"] for a in s.raw(
            "GET", "/monitoring/alerts").json["items"] if a["rule"] == "backend_down"] == [
                "the backend takes nothing: the backend answered with status 500"])
        seen = performance(s)
        check("and what is wrong", not seen["up"] and seen["failed"] > 0 and seen["told"] == 0 and
              seen["last_status"] == 500 and seen["told_at"] is None and seen["failed_at"] and
              seen["waiting"] == 10 and seen["oldest_waiting_s"] > 0, seen)
        wait_for("until it is over", lambda: s.raw("GET", "/health").json["status"] == "ok" and
                 performance(s)["waiting"] == 0)
        seen = performance(s)
        check("and what it was", seen["up"] and seen["told"] == 10 and seen["told_at"] and
              seen["oldest_waiting_s"] == 0 and "500" in seen["last_problem"], seen)
        wait_for("the alert too", lambda: not s.raw("GET", "/alerts?open=true").json["items"])
        check("no secrets", not any(word in json.dumps(seen) for word in ("t0ken", "secret")))
        s.stop()
        other.terminate()


def retention(home):
    """The violations of the store are years old."""
    store = home + "/g.db"
    fill(store, 10)
    s = Server(store)
    token = s.token
    s.raw("PATCH", "/violations/3", {"review": "confirmed"})
    check("nobody is told where nobody is configured", performance(s) is None)
    check("without limits all stay", len(s.raw("GET", "/violations").json["items"]) == 10)
    s.stop()
    s = Server(store, "retention.violations_days=30", "retention.every_s=1")
    s.token = token
    wait_for("the old ones leave, a confirmed one stays",
             lambda: [v["id"] for v in s.raw("GET", "/violations").json["items"]] == [3])
    check("ends with 0", s.stop() == 0)


def main():
    with folder() as home:
        notifications(home)
        reload(home)
        reload_everything(home)
        tls(home)
        certificates(home)
        limits(home)
        locked(home)
        backend(home)
        backend_in_trouble(home)
        retention(home)
    finish()


main()
