"""What HTTP asks of every path, path by path from the document: HEAD, OPTIONS, 405, ETag, gzip; and
CORS, sizes, limits, and the id of a request in the reply and in the log."""
import gzip
import os
import re
import socket

from harness import Server, check, fill, finish, folder

ORIGIN = "https://dash.example"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def paths(s):
    """Each path with something in the place of its parameters, and the methods that it takes."""
    for pattern, operations in s.document["paths"].items():
        takes = {m.upper() for m in operations}
        if "GET" in takes and "101" not in operations["get"]["responses"]:
            takes.add("HEAD")
        yield re.sub(r"\{(\w+)\}", lambda p: {"role": "scene"}.get(p.group(1), "1"), pattern), takes


def needed(s, path):
    """The query without which a GET is 422."""
    parameters = s.operation("GET", path).get("parameters", [])
    said = ["%s=1" % p["name"] for p in parameters if p["in"] == "query" and p["required"]]
    return path + "?" + "&".join(said) if said else path


def methods(s):
    for path, takes in paths(s):
        allowed = s.raw("OPTIONS", path, token=False)
        listed = set(allowed.headers["Allow"].split(", "))
        check("OPTIONS %s lists what it takes" % path, allowed.status == 204 and
              listed - {"HEAD"} == (takes | {"OPTIONS"}) - {"HEAD"}, (allowed.status, listed))
        for method in METHODS:
            if method in takes or (method == "HEAD" and "GET" in takes):
                continue
            reply = s.raw(method, path)
            check("%s %s: 405 with Allow" % (method, path), reply.status == 405 and
                  reply.headers["Allow"] == allowed.headers["Allow"], reply.status)


def heads(s):
    for path, takes in paths(s):
        if "HEAD" not in takes:
            continue
        path = needed(s, path)
        get, head = s.raw("GET", path), s.raw("HEAD", path)
        check("HEAD %s is GET without its body" % path, not head.body and
              (head.status, head.headers["Content-Type"]) ==
              (get.status, get.headers["Content-Type"]), (get.status, head.status))


def tags(s):
    """What did not change between two looks has not been modified; the others have another tag."""
    same = 0
    for path, takes in paths(s):
        if "HEAD" not in takes:
            continue
        path = needed(s, path)
        first = s.raw("GET", path)
        if first.status != 200:
            continue
        tag = first.headers["ETag"]
        again = s.raw("GET", path, headers={"If-None-Match": 'W/"x", ' + tag})
        same += again.status == 304
        check("GET %s again: not modified, or other bytes" % path,
              again.headers["ETag"] == tag if again.status == 304 else
              again.headers["ETag"] != tag and again.body != first.body, again.status)
        check("and with another tag all of it",
              s.raw("GET", path, headers={"If-None-Match": '"x"'}).status == 200)
    check("most do not change", same > 10, same)


def packed(s):
    for path in ("/", "/dashboard/main.js", "/dashboard/style.css", "/docs", "/docs.js",
                 "/openapi.json"):
        plain = s.raw("GET", path, token=False)
        small = s.raw("GET", path, headers={"Accept-Encoding": "gzip"}, token=False)
        check("%s is packed" % path, gzip.decompress(small.body) == plain.body and
              len(small.body) < len(plain.body) and small.headers["Content-Encoding"] == "gzip")
        check("under another tag", small.headers["ETag"] != plain.headers["ETag"])
        check("and caches know", plain.headers["Vary"] == small.headers["Vary"] ==
              "Accept-Encoding", plain.headers["Vary"])
        refused = s.raw("GET", path, headers={"Accept-Encoding": "gzip;q=0"}, token=False)
        check("not where it is refused", refused.body == plain.body)


def dashboard(s):
    """Each file that the page or another of its files names, and what a browser is told of it."""
    todo, types = [""], {}
    while todo:
        name = todo.pop()
        reply = s.raw("GET", "/dashboard/" + name if name else "/", token=False)
        types[name] = reply.headers["Content-Type"]
        policy = dict(p.split(" ", 1) for p in reply.headers["Content-Security-Policy"].split("; "))
        check("%s: nothing but our own, and nothing inline" % (name or "/"), reply.status == 200 and
              policy["default-src"] == "'none'" and policy["script-src"] == "'self'" and
              policy["style-src"] == "'self'" and policy["connect-src"] == "'self'" and
              policy["frame-ancestors"] == "'none'" and
              reply.headers["X-Content-Type-Options"] == "nosniff", policy)
        check("asked for again each time, by its tag", reply.headers["Cache-Control"] == "no-cache" and
              s.raw("GET", "/dashboard/" + name if name else "/", token=False, headers={
                  "If-None-Match": reply.headers["ETag"]}).status == 304)
        named = re.findall(r"(?:\"dashboard/|from '\./)([a-z]+\.(?:js|css))", reply.body.decode())
        todo += [n for n in named if n not in types and n not in todo]
    check("scripts, a style and a page", {t.split(";")[0] for t in types.values()} ==
          {"text/html", "text/css", "text/javascript"} and len(types) > 10, types)


def cors(s):
    ask = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH",
           "Access-Control-Request-Headers": "authorization, content-type"}
    yes = s.raw("OPTIONS", "/violations/1", headers=ask, token=False)
    check("preflight", yes.status == 204 and
          yes.headers["Access-Control-Allow-Origin"] == ORIGIN and
          "PATCH" in yes.headers["Access-Control-Allow-Methods"] and
          "Authorization, Content-Type" in yes.headers["Access-Control-Allow-Headers"] and
          int(yes.headers["Access-Control-Max-Age"]) > 0, yes.headers.items())
    for path, status in (("/violations", 200), ("/nothing", 404)):
        reply = s.raw("GET", path, headers={"Origin": ORIGIN})
        check("the reply to it: %d" % status, reply.status == status and
              reply.headers["Access-Control-Allow-Origin"] == ORIGIN and
              "X-Request-Id" in reply.headers["Access-Control-Expose-Headers"])
    other = s.raw("OPTIONS", "/violations/1", headers=dict(ask, Origin="https://x.example"),
                  token=False)
    check("not another origin", not [h for h in other.headers if "Access-Control" in h])
    check("caches know", "Origin" in (other.headers["Vary"] or ""), other.headers["Vary"])


def first_line(s, data):
    with socket.create_connection(("127.0.0.1", s.port), timeout=10) as c:
        c.sendall(data)
        return c.recv(65536).split(b"\r\n")[0]


def sizes(s):
    typed = {"Content-Type": "application/json"}
    check("413", s.raw("PATCH", "/violations/1", "x" * 5000, headers=typed).status == 413)
    check("415", s.raw("PATCH", "/violations/1", "a=b").status == 415)
    check("415 of no type",
          s.raw("PATCH", "/violations/1", "{}", headers={"Content-Type": ""}).status == 415)
    check("414", s.raw("GET", "/" + "x" * 600).status == 414)
    check("414 of many parameters", s.raw("GET", "/violations?" + "&".join(
        "a%d=1" % i for i in range(30))).status == 414)
    check("431", s.raw("GET", "/health", headers={"Range": "x" * 200}).status == 431)
    start = ("PATCH /violations/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n" %
             s.token).encode()
    for fields in (b"\r\n", b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):
        said = first_line(s, start + fields)
        check("411", said == b"HTTP/1.1 411 Length Required", said)


def sockets(s):
    held, ask = [], ("GET /ws/alerts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                     "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" % s.token).encode()
    for _ in range(3):
        held.append(socket.create_connection(("127.0.0.1", s.port), timeout=10))
        held[-1].sendall(ask)
        said = held[-1].recv(65536)
    check("one WebSocket too many: 429 with Retry-After", said.startswith(b"HTTP/1.1 429 ") and
          b"\r\nRetry-After: " in said and b"application/problem+json" in said, said)
    for c in held:
        c.close()
    upgrade = s.raw("GET", "/ws/alerts")
    check("426 with Upgrade", (upgrade.status, upgrade.headers["Upgrade"]) == (426, "websocket"))


def ids(s):
    """The replies that said who they were, to be found in the log."""
    replies = [(s.raw(method, path, token=token), method, path, who) for method, path, token, who in (
        ("GET", "/violations", True, "first"), ("GET", "/violations", False, ""),
        ("GET", "/nothing", True, "first"), ("POST", "/violations", True, "first"),
        ("GET", "/violations?limit=x", True, "first"), ("OPTIONS", "/health", False, ""))]
    for reply, *_ in replies:
        if reply.status >= 400:
            check("a problem has the id of its reply",
                  reply.json["request_id"] == reply.headers["X-Request-Id"])
    return replies


def logged(s, replies):
    for reply, method, path, who in replies:
        line = "request %s: %s %s from 127.0.0.1 (%s): %d" % (
            reply.headers["X-Request-Id"], method, path.split("?")[0], who, reply.status)
        check("in the log: %s %s: %d" % (method, path, reply.status),
              any(line in said for said in s.log), line)


def main():
    with folder() as home:
        store, picture = home + "/store.db", home + "/scene.jpg"
        with open(picture, "wb") as f:
            f.write(os.urandom(3000))
        fill(store, 10, picture)
        config = home + "/gantry.yaml"
        with open(config, "w", encoding="utf-8") as f:
            f.write("server: {cors_origins: ['%s']}\n"
                    "streams: [{id: '1', source: 'rtsp://127.0.0.1:1/x', autostart: false}]\n" %
                    ORIGIN)
        s = Server(store, "server.access_log=true", "server.max_body_bytes=4096",
                   "server.max_websockets=2", config=config)
        s.raw("GET", "/openapi.json")
        methods(s)
        heads(s)
        tags(s)
        cors(s)
        sizes(s)
        sockets(s)
        replies = ids(s)
        check("ends with 0", s.stop() == 0)
        logged(s, replies)
        plain = Server(store)
        plain.token = s.token
        packed(plain)
        dashboard(plain)
        check("no CORS where none is configured", "Access-Control-Allow-Origin" not in plain.raw(
            "GET", "/health", headers={"Origin": ORIGIN}).headers)
        plain.stop()
    finish()


main()
