"""Heads of requests that no handler ever sees, on new and on kept connections: each is answered with a
problem document, and the connection closed. And heads that are unusual, but right, also over TLS."""
import asyncio
import json
import re
import socket
import ssl
import subprocess

from harness import PATIENCE, Server, check, finish, folder
from malformed import head, with_body

WAIT_S = 60 * PATIENCE  # far beyond every time limit of the server
ASKS = ("Upgrade: websocket", "Connection: Upgrade")
KEY, VERSION = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"
HEALTH = head("GET", "/health")
SAFE = (b"X-Content-Type-Options: nosniff", b"Content-Security-Policy: ", b"Connection: close",
        b"Content-Type: application/problem+json", b"X-Request-Id: ")


def refused(token):
    """As (what, bytes, status)."""
    def handshake(*fields):
        return head("GET", "/ws/alerts", token, *fields)
    return [
        ("an unknown method", head("BREW", "/violations", token), 405),
        ("a method in lower case", head("get", "/violations", token), 405),
        ("CONNECT", head("CONNECT", "x:443", token), 405),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 405),
        ("another HTTP", head("GET", "/health", version="HTTP/3.0"), 400),
        ("half a percent sign", head("GET", "/violations?plate=100%", token), 400),
        ("no digits behind one", head("GET", "/%zz", token), 400),
        ("a NUL", head("GET", "/violations\0", token), 400),
        ("a NUL in other words", head("GET", "/violations/%00", token), 400),
        ("the form for proxies", head("GET", "http://x/health"), 400),
        ("no target", head("GET", ""), 400),
        ("a long field", head("GET", "/health", None, "Cookie: " + "x" * 9000), 431),
        ("a long field that nobody knows", head("GET", "/health", None, "X-Y: " + "x" * 9000), 431),
        ("a very long one", head("GET", "/health", None, "X-Y: " + "x" * 200000), 431),
        ("a long target", head("GET", "/" + "x" * 9000), 431),
        ("many fields", head("GET", "/health", None, *["X-%d: y" % i for i in range(2000)]), 431),
        ("many parameters", head("GET", "/violations?" + "&a" * 200), 414),
        ("no colon", head("GET", "/health", None, "what"), 400),
        ("a space before it", head("GET", "/health", None, "A-B : c"), 400),
        ("a folded field", head("GET", "/health", None, "A-B: c", " d"), 400),
        ("another head's method", head("GET", "/health", None, "Put-Off: 1"), 400),
        ("a name that ends within another", head("PATCH", "/violations/1", token, "X-Auth: 1",
                                                 "Content-Length: 1") + b"1", 400),
        ("a pseudo field", head("GET", "/health", None, ":path: /violations"), 400),
        ("an upgrade to what is not there", head("GET", "/health", None, "Upgrade: foo",
                                                 "Connection: Upgrade"), 400),
        ("an upgrade that is not asked for", handshake(ASKS[0], KEY, VERSION), 400),
        ("a WebSocket without a key", handshake(*ASKS, VERSION), 400),
        ("one with half a key", handshake(*ASKS, VERSION, KEY[:-4]), 400),
        ("one of an old version", handshake(*ASKS, KEY, "Sec-WebSocket-Version: 8"), 426),
        ("one without a version", handshake(*ASKS, KEY), 426),
        ("a subprotocol", handshake(*ASKS, KEY, VERSION, "Sec-WebSocket-Protocol: chat"), 400),
        ("a request behind a body", with_body("PATCH", "/violations/1", token, '{"note": "x"}') +
         HEALTH, 400),
        ("half a head", b"GET /violati", 408),
        ("half a body", with_body("PATCH", "/violations/1", token, '{"note": "x"}')[:-5], 408),
        ("another protocol", b"EHLO x\r\n", 405),
        ("no text", b"\x00\x01\x02\x03", 400),
    ]


def taken(token):
    """What may be asked in an unusual way, as (what, parts that are sent one by one, statuses): a part
    that is empty waits for a reply."""
    offered = head("GET", "/health", None, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                   "HTTP2-Settings: AAMAAABAAAAAAQAAAAAB")
    patch = with_body("PATCH", "/violations/1", token, '{"note": "x"}')
    half = len(HEALTH) // 2
    waits = patch.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n").split(b"{")
    return [
        ("HTTP/2 is offered", [offered], [200]),
        ("a body that waits to be asked for", [waits[0], b"", b"{" + waits[1]], [100, 404]),
        ("an asterisk", [head("OPTIONS", "*")], [204]),
        ("empty lines before it", [b"\r\n\r\n" + HEALTH], [200]),
        ("nearly too long", [head("GET", "/health", None, "X-Y: " + "x" * 8100)], [200]),
        ("letter by letter", [HEALTH[i:i + 1] for i in range(len(HEALTH))], [200]),
        ("two at once", [HEALTH + HEALTH], [200, 200]),
        ("one and a half", [HEALTH + HEALTH[:half], HEALTH[half:]], [200, 200]),
        ("cut within the line's end", [HEALTH + HEALTH[:21], HEALTH[21:]], [200, 200]),
        ("one behind a reply", [patch, b"", HEALTH], [404, 200]),
    ]


class Door:
    def __init__(self, server, tls):
        self.server, self.tls = server, tls
        self.room = asyncio.Semaphore(16)
        self.context = ssl.create_default_context()
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE

    async def open(self):
        context = self.context if self.tls else None
        return await asyncio.open_connection("127.0.0.1", self.server.port, ssl=context)

    async def refuse(self, data, kept):
        """On a kept connection the server may, seldom, be too late to look (serve/http_inside.h)."""
        for _ in range(3 if kept else 1):
            async with self.room:
                reply = await asyncio.to_thread(self.refuse_now, data, kept)
            if reply:
                break
        return reply

    def refuse_now(self, data, kept):
        """Not with streams of asyncio, which forget what they have read when a connection is reset."""
        reply = b""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=WAIT_S) as c:
            if kept:
                c.sendall(HEALTH)
                while not reply.endswith(b"}"):
                    reply += c.recv(65536)
            reply = b""
            try:
                c.sendall(data)
            except OSError:
                pass  # it need not be read to its end
            try:
                while more := c.recv(65536):
                    reply += more
            except OSError:
                pass  # the server closes without waiting for what is still on its way
        return reply

    async def take(self, parts, count):
        reader, writer = await self.open()
        reply = b""
        async with asyncio.timeout(WAIT_S):
            for part in parts:
                writer.write(part)
                await asyncio.sleep(0.01)
                if not part:
                    reply += await reader.read(65536)
            while len(statuses(reply)) < count and (more := await reader.read(65536)):
                reply += more
        writer.transport.abort()
        return statuses(reply)


def statuses(data):
    return [int(s) for s in re.findall(rb"HTTP/1\.1 (\d{3}) ", data)]


def is_problem(server, data, status):
    fields, _, body = data.partition(b"\r\n\r\n")
    if statuses(data) != [status] or not all(field in fields for field in SAFE):
        return False
    problem = json.loads(body)
    return (server.invalid(problem, {"$ref": "#/components/schemas/Problem"}) is None and
            problem["status"] == status and problem["request_id"].encode() in fields and
            (status != 405 or b"\r\nAllow: " in fields))


async def ask_wrongly(door, token):
    """All of them at the same time: some only end by a time limit."""
    replies = await asyncio.gather(*(door.refuse(data, kept) for kept in (False, True)
                                     for _, data, _ in refused(token)))
    sent = iter(replies)
    for kept in (False, True):
        for what, _, status in refused(token):
            reply = next(sent)
            check("%s, %s: %d" % (what, "kept" if kept else "new", status),
                  is_problem(door.server, reply, status), reply)


async def ask_oddly(door, token):
    for what, parts, wanted in taken(token):
        if door.tls and what in ("an asterisk", "empty lines before it"):
            continue  # only looked at without TLS
        seen = await door.take(parts, len(wanted))
        check("%s, %s: %s" % (what, "TLS" if door.tls else "TCP", wanted), seen == wanted, seen)


def main():
    with folder() as home:
        key, certificate = home + "/key.pem", home + "/cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                        "-out", certificate, "-days", "2", "-subj", "/CN=localhost"], check=True,
                       stderr=subprocess.DEVNULL)
        plain = Server(home + "/plain.db")
        plain.raw("GET", "/openapi.json")
        asyncio.run(ask_wrongly(Door(plain, False), plain.token))
        asyncio.run(ask_oddly(Door(plain, False), plain.token))
        tls_hello = asyncio.run(Door(plain, False).refuse(
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 60, False))
        check("TLS where there is none: 400", is_problem(plain, tls_hello, 400), tls_hello)
        check("ends with 0", plain.stop() == 0)
        tls = Server(home + "/tls.db", "server.tls_certificate=" + certificate,
                     "server.tls_key=" + key)
        asyncio.run(ask_oddly(Door(tls, True), tls.token))
        none = asyncio.run(Door(tls, False).refuse(HEALTH, False))
        check("none where there is TLS: 400", is_problem(tls, none, 400), none)
        check("ends with 0", tls.stop() == 0)
    finish()


main()
