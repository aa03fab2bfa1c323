"""Requests that are wrong, each in one known way: made from the server's own document, and as raw
bytes. Every one must be answered with a 4xx, or the connection closed. Part of test_malformed.py.

What may rightly be made good (`/a/./b`, a field that nobody knows) is only asked for where the
answer is a 4xx all the same."""
import json
import struct
from urllib.parse import quote

REPLY, HALF, HELD, SLOW, RESET = "reply", "half", "held", "slow", "reset"
BODY_MAX = 65536  # server.max_body_bytes of the test
JUNK_INTEGERS = ("x", "", "1e2", "0x10", "1.5", "--1", "99999999999999999999", "%31%00", "+1",
                 " 1", "١")
JUNK_TEXTS = ("%ff", "%01", "a%c0%afb", "%ed%a0%80", "x" * 600, "%f5%80%80%80", "a%0d%0ab")
JUNK_PLACES = ["nothing-here", "%2fetc%2fpasswd", "%2e%2e%2fetc"]
TRICKS = ["/../../../../etc/passwd", "/..%2f..%2fetc/passwd", "x%00", "%00.html", "/.git/config",
          "/%2e%2e/%2e%2e/etc/shadow", "\\..\\windows", "/~root", ";/../admin", "%0d%0aX: y",
          "/x" * 100, "%c0%ae%c0%ae/", "/proc/self/environ", "%", "%zz", "%2", "\x7f", "*", "/con",
          "?%00=1", "?%ff", "?=", "?&&&a"]
METHODS = ["get", "Patch", "BREW", "TRACE", "CONNECT", "PROPFIND", "GETT", "G", "", "X" * 2000, "P\x00ST", "\u00dc"]
NO_JSON = ["nil", "'a'", "{a: 1}", "01", "NaN", "[1,]", '{"a": 1e999999}', '"\\ud800"',
           '{"a": "\x01"}', '{"a":1,"a":2}', "{\"a\": \"\\u0000\"}", "<a/>", "a=b",
           "[" * 30000, '{"a":' * 12000, "[" * 2000 + "]" * 2000,
           '{"note":' + "[" * 5000 + "]" * 5000 + "}"]
NO_TEXT = [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xe2\x82", b"\x80"]
KINDS = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
         "json", "\x01", "application/xml", "x" * 100]
LENGTHS = ["-1", "+2", "2, 2", "0x2", "1e3", "two", "2 2", "2;", "\t", "٢",
           "99999999999999999999", "2\r\nContent-Length: 3", "2\r\nContent-Length: 2"]
CODINGS = ["chunked", "gzip, chunked", "chunked, chunked", "identity", "xchunked", "CHUNKED"]
CHUNKS = [b"2\r\n{}\r\n0\r\n\r\n", b"zz\r\n{}\r\n", b"ffffffffffffffff\r\n", b"-1\r\n", b"2\r\n{}",
          b"2;x=" + b"y" * 5000 + b"\r\n{}\r\n0\r\n\r\n", b"0\r\n" + b"T: x\r\n" * 500]
VERSIONS = ["HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/9.9", "HTTP/1.1x", "HTTP/11", "http/1.1",
            "HTPP/1.1", "HTTP/1.1 HTTP/1.1", "HTTP/", "", "\x00"]
FIELDS = ["no colon", ": no name", "A : space", "A:\x00", "A:\x01\x7f", " folded: x",
          "A: x\r\n folded", "\x80\xff: x", "A" * 9000 + ": x", "A: " + "x" * 9000,
          "Host: y\r\nHost: z", "A: x\nB: y", "\r", "Connection: " + "x, " * 500,
          "\r\n".join("X-%d: y" % i for i in range(400)), "If-None-Match: " + "x" * 4000,
          "Range: bytes=" + "0-1," * 800, "Origin: " + "y" * 3000]
JUNK = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04", b"GET\r\n\r\n", b"GET /\r\n\r\n",
        b"A" * 20000, b"GET " + b"/" * 9000, b"SSH-2.0-x\r\n", b"\x05\x01\x00", b"EHLO x\r\n",
        b"GET / HTTP/1.1\n\n", b"* /health HTTP/1.1\r\n\r\n"]


class Case:
    """`how`: REPLY: the whole request; HALF: then the client ends its side; HELD: it stays, silent;
    SLOW: byte by byte; RESET: it is gone. `strange`: an address of its own, for wrong tokens."""

    def __init__(self, kind, data, how=REPLY, strange=False, then=b""):
        self.kind, self.data, self.how, self.strange, self.then = kind, data, how, strange, then


def head(method, path, token=None, *fields, host=True, version="HTTP/1.1"):
    lines = ["%s %s %s" % (method, path, version)]
    lines += ["Host: x"] if host else []
    lines += ["Authorization: Bearer " + token] if token else []
    return ("\r\n".join(lines + list(fields)) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def with_body(method, path, token, body, *fields, kind="application/json"):
    body = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    return head(method, path, token, "Content-Type: " + kind, "Content-Length: %d" % len(body),
                *fields) + body


class Operation:
    """One operation of the document, and requests for it that are as they should be."""

    def __init__(self, document, path, method, item):
        self.document, self.path, self.method, self.item = document, path, method.upper(), item
        self.siblings = {m.upper() for m in document["paths"][path]}
        parameters = item.get("parameters", [])
        self.places = [p for p in parameters if p["in"] == "path"]
        self.query = [p for p in parameters if p["in"] == "query"]
        body = item.get("requestBody", {})
        self.needs_body = body.get("required", False)
        self.body = self.resolve(body["content"]["application/json"]["schema"]) if body else None
        self.open = not item["security"]
        self.socket = "101" in item["responses"]

    def resolve(self, schema):
        if "$ref" in schema:
            return self.document["components"]["schemas"][schema["$ref"].split("/")[-1]]
        return schema

    def example(self, schema):
        schema = self.resolve(schema)
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "string")
        kind = kind if isinstance(kind, str) else kind[0]
        if kind == "object":
            return {n: self.example(schema["properties"][n]) for n in schema.get("required", [])}
        if schema.get("format") == "date-time":
            return "2030-06-03T08:00:00Z"
        return {"integer": int(schema.get("minimum", 1)), "number": schema.get("minimum", 1),
                "boolean": True, "array": [], "string": "north"}[kind]

    def url(self, broken=None, value=None):
        path = self.path
        for p in self.places:
            said = value if p is broken else quote(str(self.example(p["schema"])))
            path = path.replace("{%s}" % p["name"], said)
        return path

    def needed(self, but=None):
        return ["%s=%s" % (p["name"], quote(str(self.example(p["schema"]))))
                for p in self.query if p["required"] and p is not but]

    def target(self, *pairs, but=None):
        said = self.needed(but) + list(pairs)
        return self.url() + ("?" + "&".join(said) if said else "")

    def good_body(self):
        return self.example(self.body)


def wrong_values(schema):
    """Texts for a query that are not of that schema."""
    kind = schema.get("type")
    kind = kind if isinstance(kind, str) else (kind or ["string"])[0]
    if "enum" in schema:
        return ["hihg", "", "%00", "x" * 300]
    if schema.get("format") == "date-time":
        return ["yesterday", "2024-13-01T00:00:00Z", "2024-06-03", "1717401600", "", "%ff",
                "99999-01-01T00:00:00Z"]
    if kind in ("integer", "number"):
        wrong = [v for v in JUNK_INTEGERS if kind == "integer" or v not in ("1e2", "1.5",
                 "99999999999999999999")]
        wrong += ["nan", "inf"]
        if "minimum" in schema:
            wrong += ["%d" % (schema["minimum"] - 1), "%d" % (schema["maximum"] + 1)]
        return wrong
    if kind == "boolean":
        return ["1", "yes", "", "TRUE"]
    return list(JUNK_TEXTS)


def of_another_type(schema):
    kinds = schema.get("type", [])
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    values = {"string": ["x"], "object": [{}, {"a": 1}], "array": [[], [[]]], "boolean": [True],
              "number": [1.5, -1e300], "integer": [7], "null": [None]}
    if "number" in kinds:
        kinds.add("integer")
    return [v for kind, some in values.items() if kind not in kinds for v in some]


# Each makes a case of an operation, or None where it has no such part.

def unknown_parameter(r, o, token):
    return Case("unknown parameter", head(o.method, o.target("nothing=" + str(r.random())), token))


def value_of_parameter(r, o, token):
    if not o.query:
        return None
    p = r.choice(o.query)
    pair = "%s=%s" % (p["name"], quote(r.choice(wrong_values(o.resolve(p["schema"]))), safe="%"))
    return Case("value of a parameter", head(o.method, o.target(pair, but=p), token))


def twice(r, o, token):
    if not o.query:
        return None
    p = r.choice(o.query)
    pair = "%s=%s" % (p["name"], quote(str(o.example(p["schema"]))))
    return Case("parameter given twice", head(o.method, o.target(pair, pair), token))


def missing_parameter(r, o, token):
    needed = [p for p in o.query if p["required"]]
    return Case("missing parameter", head(o.method, o.target(but=r.choice(needed)), token)) \
        if needed else None


def many_parameters(r, o, token):
    pairs = ["p%d=%d" % (i, i) for i in range(r.randrange(25, 400))]
    return Case("many parameters", head(o.method, o.target(*pairs), token))


def place(r, o, token):
    if not o.places:
        return None
    p = r.choice(o.places)
    integer = o.resolve(p["schema"]).get("type") == "integer"
    junk = [j for j in (JUNK_INTEGERS if integer else JUNK_TEXTS) if j] + JUNK_PLACES
    url = o.url(p, quote(r.choice(junk), safe="%"))
    if o.body:
        return Case("place", with_body(o.method, url, token, json.dumps(o.good_body())))
    return Case("place", head(o.method, url, token))


def path_trick(r, o, token):
    return Case("path trick", head(o.method, o.url() + r.choice(TRICKS), token))


def wrong_method(r, o, token):
    taken = o.siblings | ({"HEAD"} if "GET" in o.siblings else set())
    left = sorted({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} - taken)
    return Case("wrong method", head(r.choice(left), o.url(), token)) if left else None


def unknown_method(r, o, token):
    return Case("unknown method", head(r.choice(METHODS), o.url(), token), HALF)


def body_unasked(r, o, token):
    if o.body or o.socket:
        return None
    body = "{}" * r.randrange(1, 99)
    return Case("body that nobody asked for", with_body(o.method, o.target(), token, body))


def body_missing(r, o, token):
    if not o.needs_body:
        return None
    fields = r.choice([[], ["Content-Type: application/json"], ["Content-Length: 0"]])
    return Case("no body", head(o.method, o.target(), token, *fields), HALF)


def body_no_json(r, o, token):
    if not o.body:
        return None
    whole = json.dumps(dict(o.good_body(), extra="x" * 20))
    broken = [whole[:r.randrange(1, len(whole))], whole + "}", "\ufeff" + whole, "\x00" + whole]
    return Case("no JSON", with_body(o.method, o.target(), token, r.choice(broken + NO_JSON)))


def body_no_text(r, o, token):
    if not o.body:
        return None
    body = b'{"note": "' + r.choice(NO_TEXT) + b'"}'
    return Case("no UTF-8", with_body(o.method, o.target(), token, body))


def body_of_another_type(r, o, token):
    if not o.body:
        return None
    body = json.dumps(r.choice([[], 7, "x", None, True, [o.good_body()]]))
    return Case("another type", with_body(o.method, o.target(), token, body))


def member_of_another_type(r, o, token):
    if not o.body:
        return None
    names = [n for n, s in o.body["properties"].items()
             if o.resolve(s).get("type") and of_another_type(o.resolve(s))]
    if not names:
        return None
    body, name = o.good_body(), r.choice(names)
    body[name] = r.choice(of_another_type(o.resolve(o.body["properties"][name])))
    return Case("member of another type", with_body(o.method, o.target(), token, json.dumps(body)))


def member_unknown(r, o, token):
    if not o.body:
        return None
    name = r.choice(["nothing", "__proto__", "a" * 3000, "", "\u0000", "id\n"])
    body = dict(o.good_body(), **{name: r.choice([1, None, {}, "x"])})
    return Case("unknown member", with_body(o.method, o.target(), token, json.dumps(body)))


def member_missing(r, o, token):
    if not o.body or not o.body.get("required"):
        return None
    body = o.good_body()
    del body[r.choice(o.body["required"])]
    return Case("missing member", with_body(o.method, o.target(), token, json.dumps(body)))


def member_too_long(r, o, token):
    most = {n: o.resolve(s)["maxLength"] for n, s in (o.body or {}).get("properties", {}).items()
            if "maxLength" in o.resolve(s)}
    if not most:
        return None
    body, name = o.good_body(), r.choice(sorted(most))
    body[name] = "x" * (int(most[name]) + r.randrange(1, 5000))
    return Case("member too long", with_body(o.method, o.target(), token, json.dumps(body)))


def body_too_long(r, o, token):
    if not o.body:
        return None
    length = r.choice([BODY_MAX + 1, 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 64, 10 ** 40])
    fields = ["Content-Type: application/json", "Content-Length: %d" % length]
    data = head(o.method, o.target(), token, *fields) + b"{" * r.randrange(3000)
    return Case("a huge length", data, HALF)


def body_of_wrong_kind(r, o, token):
    if not o.body:
        return None
    return Case("content type", with_body(o.method, o.target(), token, "{}", kind=r.choice(KINDS)))


def broken_length(r, o, token):
    if not o.body:
        return None
    fields = ["Content-Type: application/json", "Content-Length: " + r.choice(LENGTHS)]
    return Case("broken length", head(o.method, o.target(), token, *fields) + b"{}", HALF)


def chunks(r, o, token):
    if o.socket:
        return None
    fields = ["Content-Type: application/json", "Transfer-Encoding: " + r.choice(CODINGS)]
    fields += r.choice([[], ["Content-Length: 2"], ["Content-Length: 0"]])
    return Case("chunks", head(o.method, o.target(), token, *fields) + r.choice(CHUNKS), HALF)


def no_token(r, o, token):
    return None if o.open else Case("no token", head(o.method, o.target()), HALF)


def wrong_token(r, o, token):
    last = "0" if token[-1] != "0" else "1"
    wrong = r.choice([token[:-1], token[:-1] + last, token.upper(), "gantry_" + "0" * 64,
                      "x" * 200, "x" * 5000, "\x01", token + " " + token, "\u20ac"])
    return Case("wrong token", head(o.method, o.target(), wrong), HALF, strange=True)


def other_scheme(r, o, token):
    if o.open:
        return None
    field = "Authorization: " + r.choice(["Basic eDp4", "Digest x", "Bearer", "bearer ", token,
                                          "Bearer\t", "Negotiate " + "A" * 3000])
    return Case("another scheme", head(o.method, o.target(), None, field), HALF, strange=True)


def no_host(r, o, token):
    return Case("no host", head(o.method, o.target(), token, host=False), HALF)


def version(r, o, token):
    data = head(o.method, o.target(), token, version=r.choice(VERSIONS))
    return Case("version", data, HALF)


# The same without an operation.

NOWHERE = "/nothing-here/xyzzy"


def broken_fields(r, o, token):
    method = r.choice(["GET", "POST", "DELETE"])
    return Case("broken field", head(method, NOWHERE, token, r.choice(FIELDS)), HALF)


def junk(r, o, token):
    tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + r.randbytes(60)
    made = [r.randbytes(r.randrange(1, 3000)), tls, b"\x00" * r.randrange(1, 9000),
            b"\r\n" * r.randrange(1, 4000)]
    return Case("junk", r.choice(made + JUNK), HALF)


def flipped(r, o, token):
    data = bytearray(head(r.choice(["GET", "PUT"]), NOWHERE, token, "Content-Length: 0"))
    for _ in range(r.randrange(1, 6)):
        data[r.randrange(len(data))] ^= 1 << r.randrange(8)
    return Case("flipped bits", bytes(data), HALF, strange=True)


def cut(r, o, token):
    data = with_body("PATCH", "/violations/1", token, '{"note": "cut off"}')
    return Case("cut off", data[:r.randrange(1, len(data) - 1)], r.choice([HALF, RESET]))


def half_open(r, o, token):
    data = with_body("PATCH", "/violations/1", token, '{"note": "cut off"}')
    return Case("half open", data[:r.randrange(len(data) - 1)], HELD)


def dribble(r, o, token):
    data = r.choice([head("GET", NOWHERE, token), with_body("PATCH", "/violations/1", token, "{")])
    return Case("slow", data, SLOW)


def gone(r, o, token):
    return Case("gone before the reply", head("GET", "/violations?limit=1000",
                                              token) * r.randrange(1, 5), RESET)


# WebSockets.

def upgrade(path, token, *fields):
    fields = fields or ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
    return head("GET", path, token, "Upgrade: websocket", "Connection: Upgrade", *fields)


def frame(opcode, payload=b"", final=True, masked=True, length=None, reserved=0):
    length = len(payload) if length is None else length
    first = (0x80 if final else 0) | reserved << 4 | opcode
    bit = 0x80 if masked else 0
    if length < 126:
        data = bytes([first, bit | length])
    elif length < 65536:
        data = struct.pack(">BBH", first, bit | 126, length)
    else:
        data = struct.pack(">BBQ", first, bit | 127, length)
    if masked:
        mask = b"\x11\x22\x33\x44"
        data += mask
        payload = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    return data + payload


def no_handshake(r, o, token):
    key, version13 = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"
    asks = ["Upgrade: websocket", "Connection: Upgrade"]
    wrong = [upgrade("/ws/realtime", None), upgrade("/ws/nothing", token),
             upgrade("/violations", token), upgrade("/ws/violations?after=x", token),
             upgrade("/ws/violations?after=-1", token), upgrade("/ws/realtime?nothing=1", token),
             head("GET", "/ws/realtime", token),
             head("GET", "/ws/alerts", token, "Upgrade: h2c", "Connection: Upgrade", key),
             head("POST", "/ws/alerts", token, *asks, key, version13),
             head("GET", "/ws/alerts", token, *asks, version13)]
    return Case("no handshake", r.choice(wrong), HALF)


def broken_frames(r, o, token):
    then = r.choice([frame(1, b"{}", masked=False), frame(3, b"x"), frame(11),
                     frame(1, b"\xff\xfe"), frame(1, b"x" * 5000), frame(1, b"x", length=1 << 62),
                     frame(1, b"x", length=1 << 63), frame(9, b"x" * 126),
                     frame(9, b"", final=False), frame(0, b"x"), frame(8, b"\x03"),
                     frame(8, b"\x00\x01"), frame(1, b"x", reserved=7), r.randbytes(200),
                     b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 64])
    return Case("broken frames", upgrade("/ws/realtime", token), HALF, then=then)


OF_OPERATIONS = [
    unknown_parameter, value_of_parameter, value_of_parameter, twice, missing_parameter,
    many_parameters, place, place, path_trick, path_trick, wrong_method, unknown_method,
    body_unasked, body_missing, body_no_json, body_no_json, body_no_text, body_of_another_type,
    member_of_another_type, member_of_another_type, member_unknown, member_missing,
    member_too_long, body_too_long, body_of_wrong_kind, broken_length, chunks, no_token,
    wrong_token, other_scheme, no_host, version]
OF_NOTHING = [broken_fields, junk, flipped, cut, half_open, dribble, gone, no_handshake,
              broken_frames]


def cases(random, document, token, count):
    """`count` of them, every way about as often as every other; the same for the same seed."""
    operations = [Operation(document, path, method, item)
                  for path, methods in document["paths"].items() for method,
                  item in methods.items()]
    made = 0
    while made < count:
        ways = OF_OPERATIONS if random.random() < 0.8 else OF_NOTHING
        case = random.choice(ways)(random, random.choice(operations), token)
        if case:
            made += 1
            yield case
