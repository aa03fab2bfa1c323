"""REST, every endpoint and every way to be refused, with a real client and a real store."""
import gzip
import hashlib
import http.client
import json
import os
import socket
import time

import streams
import traffic
from harness import Server, check, fill, finish, folder


def about(s):
    s.ask("GET", "/health", 200, token=False)
    s.ask("GET", "/health/live", 200, token=False)
    s.ask("GET", "/health/ready", 200, token=False)
    for path in ("/", "/docs"):
        page = s.ask("GET", path, 200, token=False)
        check("the page is HTML", page.headers["Content-Type"].startswith("text/html"))
    s.ask("GET", "/docs.js", 200, token=False)
    s.ask("GET", "/dashboard/main.js", 200, token=False)
    s.ask("GET", "/dashboard/nothing.js", 404, token=False)
    me = s.ask("GET", "/me", 200)
    check("who asks", me.json == {"name": "first", "role": "admin"}, me.json)
    s.ask("GET", "/me", 401, token=False)
    plain = s.ask("GET", "/openapi.json", 200, token=False)
    packed = s.ask_packed("/openapi.json")
    check("gzip where it is accepted", gzip.decompress(packed.body) == plain.body)
    check("a smaller one", len(packed.body) < len(plain.body) / 3)
    again = s.ask("GET", "/openapi.json", 304, headers={"If-None-Match": plain.headers["ETag"]})
    check("the tag again", again.headers["ETag"] == plain.headers["ETag"])


def methods(s):
    head = s.ask("HEAD", "/violations", 200)
    check("HEAD has the length of GET",
          int(head.headers["Content-Length"]) == len(s.raw("GET", "/violations").body))
    options = s.ask("OPTIONS", "/violations/1", 204, token=False)
    check("OPTIONS lists", options.headers["Allow"] == "GET, HEAD, PATCH, OPTIONS",
          options.headers["Allow"])
    wrong = s.ask("DELETE", "/violations", 405)
    check("405 lists too", wrong.headers["Allow"] == "GET, HEAD, OPTIONS")
    s.ask("GET", "/ws/violations", 426)
    s.ask("GET", "/nothing", 404)
    s.ask("GET", "/violations/", 404)
    s.ask("GET", "/../../etc/passwd", 404)
    s.ask("GET", "/violations/1/evidence/%2fetc%2fpasswd", 404)
    check("an id for the log", len(s.ask("GET", "/health", 200).headers["X-Request-Id"]) == 16)


def finding(s):
    page = s.ask("GET", "/violations?limit=4", 200).json
    ids = [v["id"] for v in page["items"]]
    check("newest first", ids == [10, 9, 8, 7], ids)
    seen = list(ids)
    while page["next"]:
        page = s.ask("GET", "/violations?limit=4&cursor=" + page["next"], 200).json
        seen += [v["id"] for v in page["items"]]
    check("pages join without gap or overlap", seen == list(range(10, 0, -1)), seen)
    for query, count in (("type=red_light", 3), ("device_id=south", 5), ("severity=high", 4),
                         ("plate=B-GA%20123", 2), ("review=open", 10), ("review=rejected", 0),
                         ("class_name=truck", 0), ("from=2024-06-01T00:00:05Z", 5),
                         ("to=2024-06-01T00:00:05Z", 5), ("type=red_light&device_id=south", 2)):
        found = s.ask("GET", "/violations?" + query, 200).json["items"]
        check("%s finds %d" % (query, count), len(found) == count, len(found))
    for query in ("limit=0", "limit=1001", "limit=x", "limit=1e2", "severity=hihg", "tpye=x",
                  "from=yesterday", "cursor=1", "cursor=-1-1", "cursor=1-1x", "limit=1&limit=2",
                  "plate=%ff", "plate=%01", "type=" + "x" * 64):
        s.ask("GET", "/violations?" + query, 422)
    wrong = s.ask("GET", "/violations?severity=hihg&limit=0", 422).json
    check("all that is wrong at once", [e["name"] for e in wrong["errors"]] == ["severity", "limit"])
    check("and what was meant", "high" in wrong["errors"][0]["detail"])


def one(s, picture):
    v = s.ask("GET", "/violations/1", 200).json
    check("with its files", [f["role"] for f in v["files"]] == ["scene", "clip"], v["files"])
    whole = s.ask("GET", v["files"][0]["url"], 200)
    check("the picture", whole.body == picture and whole.headers["Content-Type"] == "image/jpeg")
    check("its seal", hashlib.sha256(whole.body).hexdigest() == v["files"][0]["sha256"])
    check("its tag is the seal", whole.headers["ETag"] == '"%s"' % v["files"][0]["sha256"])
    clip = v["files"][1]["url"]
    size = len(picture)
    for asked, first, last in (("bytes=0-99", 0, 99), ("bytes=100-", 100, size - 1),
                               ("bytes=-10", size - 10, size - 1),
                               ("bytes=5-999999999", 5, size - 1)):
        part = s.ask("GET", clip, 206, headers={"Range": asked})
        check(asked, part.body == picture[first:last + 1] and part.headers["Content-Range"] ==
              "bytes %d-%d/%d" % (first, last, size), part.headers["Content-Range"])
    s.ask("GET", clip, 416, headers={"Range": "bytes=%d-" % size})
    s.ask("GET", clip, 416, headers={"Range": "bytes=-0"})
    tag = s.raw("GET", clip).headers["ETag"]
    s.ask("GET", clip, 206, headers={"Range": "bytes=0-1", "If-Range": tag})
    for other in ('"x"', "W/" + tag, "Sun, 06 Nov 1994 08:49:37 GMT"):
        s.ask("GET", clip, 200, headers={"Range": "bytes=0-1", "If-Range": other})
    for ignored in ("bytes=9-1", "lines=1-2", "bytes=0-1,3-4", "bytes=x-"):
        s.ask("GET", clip, 200, headers={"Range": ignored})
    s.ask("GET", "/violations/1/evidence/vehicle", 404)
    s.ask("GET", "/violations/1/evidence/secret", 404)
    s.ask("GET", "/violations/2/evidence/scene", 404)
    s.ask("GET", "/violations/999", 404)
    s.ask("GET", "/violations/x", 404)
    s.ask("GET", "/violations/0", 404)


def reviewing(s):
    v = s.ask("PATCH", "/violations/3", 200, {"review": "confirmed", "note": "clear"}).json
    check("reviewed", (v["review"], v["review_note"], v["reviewed_by"]) ==
          ("confirmed", "clear", "first"), v)
    v = s.ask("PATCH", "/violations/4", 200, {"review": "rejected", "reason": "ambulance"}).json
    check("rejected with a reason", v["review_reason"] == "ambulance")
    s.ask("PATCH", "/violations/5", 200, {"held": True})
    s.ask("PATCH", "/violations/5", 422, {"review": "rejected"})
    s.ask("PATCH", "/violations/999", 404, {"note": "x"})
    for body in ({"review": "open?"}, {"reveiw": "confirmed"}, {"held": 1}, {"note": "x" * 2001},
                 {"note": "\u0007"}, [], {"note": None}):
        s.ask("PATCH", "/violations/5", 422, body)
    typed = {"Content-Type": "application/json"}
    for body in ("", "{", '{"note": "\\ud800"}', "[" * 5000, '{"note": 1, "note": 2}', b"\xff"):
        s.ask("PATCH", "/violations/5", 400, body or " ", headers=typed)
    s.ask("PATCH", "/violations/5", 415, "note=x", headers={"Content-Type": "text/plain"})
    s.ask("PATCH", "/violations/5", 413, b"x" * 70000, headers=typed)
    log = s.ask("GET", "/audit?limit=3", 200).json["items"]
    check("in the audit log", [(a["action"], a["object"]) for a in log] ==
          [("review", "violations/%d" % n) for n in (5, 4, 3)], log)
    check("who and from where", log[0]["actor"] == "first" and log[0]["address"] == "127.0.0.1")
    s.ask("GET", "/audit?before=%d" % log[-1]["id"], 200)


def tokens(s):
    made = s.ask("POST", "/tokens", 201, {"name": "wall", "role": "viewer"})
    token = made.json["token"]
    check("where it is", made.headers["Location"] == "/tokens/%d" % made.json["id"])
    check("256 bits", len(token) == len("gantry_") + 64)
    listed = s.ask("GET", "/tokens", 200).json["items"]
    check("listed without itself", token not in json.dumps(listed) and len(listed) == 2)
    s.ask("GET", "/violations", 200, token=token)
    s.ask("PATCH", "/violations/5", 403, {"note": "x"}, token=token)
    s.ask("GET", "/tokens", 403, token=token)
    s.ask("GET", "/violations", 401, token=False)
    s.ask("GET", "/violations", 401, token=token[:-1] + "x")
    s.ask("GET", "/violations", 401, headers={"Authorization": "Basic eA=="}, token=False)
    s.ask("POST", "/tokens", 422, {"name": "x", "role": "king"})
    s.ask("POST", "/tokens", 422, {"name": "", "role": "viewer"})
    s.ask("POST", "/tokens", 422, {"role": "viewer"})
    s.ask("POST", "/tokens", 422,
          {"name": "x", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"})
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    brief = s.ask("POST", "/tokens", 201,
                  {"name": "brief", "role": "operator", "expires_at": soon}).json
    s.ask("GET", "/violations", 200, token=brief["token"])
    s.ask("DELETE", "/tokens/%d" % made.json["id"], 204)
    s.ask("GET", "/violations", 401, token=token)
    s.ask("DELETE", "/tokens/%d" % made.json["id"], 404)
    while time.time() < brief_end(brief):
        time.sleep(0.1)
    s.ask("GET", "/violations", 401, token=brief["token"])


def brief_end(token):
    return time.mktime(time.strptime(token["expires_at"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone + 1


def statistics(s):
    """The store has ten violations of 2024-06-01, 00:00:00 to 00:00:09 UTC."""
    summary = s.ask("GET", "/analytics/violations/summary", 200).json
    check("totals", summary == {
        "total_violations": 10, "active_locations": 2,
        "by_type": {"speed_violation": 4, "red_light": 3, "wrong_way": 3},
        "by_severity": {"low": 3, "medium": 3, "high": 2, "critical": 2}}, summary)
    spots = s.ask("GET", "/analytics/violations/hotspots?limit=1", 200).json
    check("hotspots", spots == {"hotspots": [{"device_id": "north", "count": 5}],
                                "total_locations": 2}, spots)
    trends = s.ask("GET", "/analytics/violations/trends", 200).json
    check("a day of hours", len(trends["hourly"]) == 24 and trends["total_violations"] == 0)
    trends = s.ask("GET", "/analytics/violations/trends?hours=87600&device_id=south", 200).json
    full = [h for h in trends["hourly"] if h["count"]]
    check("the hour that it was", full == [{"from": "2024-06-01T00:00:00.000Z", "count": 5}], full)
    heat = s.ask("GET", "/analytics/violations/heat?hours=87600&utc_offset_s=0", 200).json["count"]
    check("Saturday at 0", heat[6][0] == 10 and sum(map(sum, heat)) == 10, heat)
    s.ask("GET", "/analytics/violations/trends?hours=0", 422)


def monitoring(s):
    system = s.ask("GET", "/monitoring/system", 200).json
    check("plausible", 0 <= system["cpu_percent"] <= 100 and system["process_memory_mb"] > 1 and
          0 < system["memory_used_mb"] < system["memory_total_mb"], system)
    work = s.ask("GET", "/monitoring/performance", 200).json
    check("requests are counted", work["requests"] > 10 and work["store"]["waiting_for"] is None)
    alerts = s.ask("GET", "/monitoring/alerts", 200).json["items"]
    check("no alerts but of this machine", not [a for a in alerts if a["stream_id"]], alerts)


def raw(port, data, wait=5):
    """Bytes as they are, and what comes back until the server closes or is silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as c:
        c.sendall(data)
        back = b""
        try:
            while True:
                more = c.recv(65536)
                if not more:
                    break
                back += more
        except (TimeoutError, ConnectionResetError):
            pass
        return back


def sockets(s):
    auth = b"Authorization: Bearer " + s.token.encode() + b"\r\n"
    chunked = raw(s.port, b"PATCH /violations/5 HTTP/1.1\r\nHost: x\r\n" + auth +
                  b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    check("chunks: 411", chunked.startswith(b"HTTP/1.1 411"), chunked)
    check("and no second reply", chunked.count(b"HTTP/1.1") == 1, chunked)
    none = raw(s.port, b"PATCH /violations/5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + auth +
               b"\r\n")
    check("no length: 411", none.startswith(b"HTTP/1.1 411"), none)
    two = raw(s.port, b"PATCH /violations/5 HTTP/1.1\r\nHost: x\r\n" + auth +
              b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x")
    check("two lengths: 400", two.startswith(b"HTTP/1.1 400"), two)
    for fields in (b"", b"Host: x\r\nHost: y\r\n"):
        back = raw(s.port, b"GET /health HTTP/1.1\r\n" + fields + b"\r\n")
        check("%r instead of one Host: 400" % fields, back.startswith(b"HTTP/1.1 400"), back)
    back = raw(s.port, b"GET /health HTTP/1.2\r\nHost: x\r\n\r\n")
    check("another version: 400", back.startswith(b"HTTP/1.1 400"), back)
    both = raw(s.port, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
               b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    check("two at once: both answered", both.count(b"HTTP/1.1 200") == 2, both)
    both = raw(s.port, b"GET /violations/1 HTTP/1.1\r\nHost: x\r\n" + auth + b"\r\n"
               b"GET /violations/2 HTTP/1.1\r\nHost: x\r\n" + auth + b"Connection: close\r\n\r\n")
    check("and through the workers", both.count(b"HTTP/1.1 200") == 2, both)
    long = raw(s.port, b"GET /" + b"x" * 700 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    check("a long path: 414", long.startswith(b"HTTP/1.1 414"), long)
    huge = raw(s.port, b"GET / HTTP/1.1\r\nX: " + b"x" * 100000 + b"\r\n\r\n")
    check("a huge head gets no 2xx", not huge.startswith(b"HTTP/1.1 2"), huge[:100])
    for junk in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\x00" * 100, b"BREW / HTTP/1.1\r\n\r\n",
                 b"GET /health\x01 HTTP/1.1\r\nConnection: close\r\n\r\n"):
        back = raw(s.port, junk, 1)
        check("%r gets no 2xx" % junk[:20], not back.startswith(b"HTTP/1.1 2"), back[:200])
    s.ask("GET", "/health", 200)


def keep_alive(s):
    c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=10)
    codes = []
    for i in range(50):
        c.request("GET", ("/health", "/violations/1", "/nothing")[i % 3],
                  headers={"Authorization": "Bearer " + s.token})
        r = c.getresponse()
        r.read()
        codes.append(r.status)
    c.close()
    check("fifty requests over one connection", codes == ([200, 200, 404] * 17)[:50], codes)


def ask_packed(self, path):
    return self.raw("GET", path, headers={"Accept-Encoding": "br;q=0.5, gzip"}, token=False)


def main():
    Server.ask_packed = ask_packed
    with folder() as home:
        store, picture = home + "/store.db", home + "/scene.jpg"
        with open(picture, "wb") as f:
            f.write(os.urandom(150000))
        fill(store, 10, picture, traffic=True)
        s = Server(store, "server.max_body_bytes=65536", "server.access_log=true")
        check("an admin token is said once", s.token is not None)
        about(s)
        methods(s)
        finding(s)
        with open(picture, "rb") as f:
            one(s, f.read())
        statistics(s)
        traffic.all_of_it(s)
        monitoring(s)
        reviewing(s)
        tokens(s)
        keep_alive(s)
        sockets(s)
        streams.all_of_it(s, home)
        s.every_operation_called("rest")
        with open(picture, "ab") as f:
            f.write(b"x")
        s.ask("GET", "/violations/1/evidence/scene", 404)
        check("ends with 0", s.stop() == 0)
        log = "".join(s.log)
        check("no token in the log", s.token not in log)
        check("requests in the log", "PATCH /violations/3 from 127.0.0.1 (first): 200" in log)
        again = Server(store)
        check("no second token", again.token is None)
        again.stop()
    finish()


main()
