"""Live views: pictures over HTTP, a camera's own video over a WebSocket; who is slow, who is too
many, and how both end."""
import asyncio
import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import time

import websockets

from harness import GANTRY, PATIENCE, Server, check, eventually, finish, folder, spawn
from streams import SECRET, WORLD, camera, size_of

# For a place, a tenth of a second apart.
TRIES = int(100 * PATIENCE)
PICTURE = re.compile(rb"--gantry-picture\r\nContent-Type: image/jpeg\r\nContent-Length: (\d+)\r\n\r\n")


class Camera:
    """The small world over RTSP, in real time, again and again."""

    def __init__(self, home):
        with open(home + "/rtsp.yaml", "w", encoding="utf-8") as f:
            f.write(WORLD)
        self.home = home
        self.port = 0
        self.start()

    def start(self):
        self.process = spawn(
            [GANTRY, "sim", self.home + "/rtsp.yaml", "--rtsp", str(self.port), "--loop", "--blind"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            found = re.search(r"rtsp://[^/]*:(\d+)/sim", line)
            if found:
                self.port = int(found.group(1))
                break
        self.source = "rtsp://127.0.0.1:%d/sim" % self.port

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def parts(s, path, count):
    """The head, and so many pictures of a reply that has no end."""
    c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=30 * PATIENCE)
    c.request("GET", path, headers={"Authorization": "Bearer " + s.token})
    r = c.getresponse()
    seen = []
    while len(seen) < count:
        head = r.fp.readline() + r.fp.readline() + r.fp.readline() + r.fp.readline()
        found = PICTURE.fullmatch(head)
        if not found:
            break
        seen.append(r.fp.read(int(found.group(1))))
        r.fp.readline()
    c.close()
    s.called.add(s.operation("GET", path)["operationId"])
    return r, seen


def pictures(s):
    reply, seen = parts(s, "/streams/small/live?fps=30", 5)
    check("a multipart reply", reply.status == 200 and reply.headers["Content-Type"] ==
          "multipart/x-mixed-replace; boundary=gantry-picture", reply.headers.items())
    check("of pictures", len(seen) == 5 and {size_of(p) for p in seen} == {(320, 180)}, len(seen))
    check("that differ", len(set(seen)) == 5)
    drawn = parts(s, "/streams/small/live?annotated=true", 2)[1]
    check("annotated", len(drawn) == 2 and size_of(drawn[0]) == (320, 180))
    head = s.raw("HEAD", "/streams/small/live")
    check("HEAD", head.status == 200 and head.body == b"")
    s.ask("GET", "/streams/nothing/live", 404)
    s.ask("GET", "/streams/small/live?fps=1000", 422)
    s.ask("GET", "/streams/small/live", 401, token=False)
    s.ask("GET", "/streams/dead/live", 503)
    s.ask("GET", "/ws/streams/small/live", 426)
    in_query = s.raw("HEAD", "/streams/small/live?access_token=" + s.token, token=False)
    check("a token in the query, for an image", in_query.status == 200, in_query.status)


def url(s, stream):
    return "ws://127.0.0.1:%d/ws/streams/%s/live?access_token=%s" % (s.port, stream, s.token)


def connect_once(s, stream):
    """Without a bound on what waits: at 32 messages that nobody asked for, this client stops reading,
    does not see the answer to its own close, and gives up after many seconds."""
    return websockets.connect(url(s, stream), max_queue=None, max_size=None)


@contextlib.asynccontextmanager
async def connect(s, stream):
    """Waits for a place: the server may not have seen yet that an earlier viewer has gone."""
    for _ in range(TRIES):
        try:
            w = await connect_once(s, stream)
            break
        except websockets.exceptions.InvalidStatusCode as e:
            if e.status_code != 429:
                raise
            await asyncio.sleep(0.1)
    else:
        raise TimeoutError("no place for a viewer")
    try:
        yield w
    finally:
        await w.close()


async def receive(w):
    message = await asyncio.wait_for(w.recv(), 60)
    return message if isinstance(message, bytes) else json.loads(message)


async def watch(s, count, stream="north"):
    """The first message, and the film of so many pictures."""
    async with connect(s, stream) as w:
        s.called.add(s.operation("GET", "/ws/streams/%s/live" % stream)["operationId"])
        first = await receive(w)
        head = await receive(w)
        film = [await receive(w) for _ in range(count)]
    return first, head, film


def decoded(home, name, head, film):
    """What `gantry doctor` reads of it."""
    path = "%s/%s.mp4" % (home, name)
    with open(path, "wb") as f:
        f.write(head + b"".join(film))
    said = subprocess.run([GANTRY, "doctor", path], capture_output=True, text=True).stdout
    return said


def boxes(data):
    """The names of the boxes on the top level of an mp4."""
    names, at = [], 0
    while at + 8 <= len(data):
        names.append(data[at + 4:at + 8])
        at += int.from_bytes(data[at:at + 4], "big")
    return names


async def two_viewers(s, home):
    one, other = await asyncio.gather(watch(s, 25), watch(s, 25))
    for first, head, film in (one, other):
        check("a text says what comes", first["type"] == "init" and first["stream_id"] == "north" and
              first["codec"].startswith("avc1.") and first["codec"] in first["mime"] and
              (first["width_px"], first["height_px"]) == (320, 180), first)
        check("the head of an mp4", boxes(head) == [b"ftyp", b"moov"], boxes(head))
        check("a fragment for each picture", all(boxes(f) == [b"moof", b"mdat"] for f in film),
              boxes(film[0]))
    said = decoded(home, "film", *one[1:])
    check("which libav reads", "320x180" in said.replace(" ", ""), said)
    check("all of them, undamaged", "over 2.4 s" in said and "nothing is damaged" in said, said)


async def without_video(s):
    async with connect(s, "small") as w:
        said = await receive(w)
        check("a simulator has no encoded video: there are pictures", said["type"] == "ended" and
              said["mjpeg"] == "/streams/small/live", said)
        await w.wait_closed()
        check("and that is the end", w.close_code == 1000, w.close_code)


async def refused(s, stream, status):
    try:
        async with connect_once(s, stream):
            seen = 101
    except websockets.exceptions.InvalidStatusCode as e:
        seen = e.status_code
    check("/ws/streams/%s/live: %d" % (stream, status), seen == status, seen)


async def too_many(s):
    await refused(s, "nothing", 404)
    async with connect(s, "north"), connect(s, "north"), \
            connect(s, "north"):
        await refused(s, "north", 429)
        reply = s.ask("GET", "/streams/small/live", 429)
        check("which names the option", "max_live_viewers" in reply.json["detail"], reply.json)
    # A place is free again once the server has seen them go.
    for _ in range(100):
        reply = s.raw("HEAD", "/streams/small/live")
        if reply.status == 200:
            break
        await asyncio.sleep(0.1)
    check("until they have gone", reply.status == 200, reply.status)


def unread(s, head, status):
    """A viewer who has his place, and reads no more than that."""
    for _ in range(TRIES):
        c = socket.socket()
        c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.connect(("127.0.0.1", s.port))
        c.sendall((head + "Host: x\r\nAuthorization: Bearer %s\r\n\r\n" % s.token).encode())
        said = c.recv(12, socket.MSG_WAITALL)
        if not said.endswith(b"429"):
            break
        c.close()
        time.sleep(0.1)
    check("a viewer who will read nothing", said == b"HTTP/1.1 " + status, said)
    return c


def stuck(s):
    """One viewer of each kind who reads nothing, and what the others see."""
    sockets = [
        unread(s, "GET /streams/small/live?fps=30 HTTP/1.1\r\n", b"200"),
        unread(s, "GET /ws/streams/north/live HTTP/1.1\r\nUpgrade: websocket\r\n"
                  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b"101")]
    read = s.raw("GET", "/streams/small/statistics").json["frames_read"]
    film = asyncio.run(watch(s, 60))[2]
    check("who is stuck holds up no other viewer", len(film) == 60)
    eventually("and no camera", lambda: s.raw("GET", "/streams/small/statistics").json[
        "frames_read"] > read + 20)
    for c in sockets:
        c.close()


async def comes_back(s, rtsp, home):
    """The camera goes and comes again: another head, later in time."""
    async with connect(s, "north") as w:
        first, _ = await receive(w), await receive(w)
        rtsp.stop()
        rtsp.start()
        while not isinstance(second := await receive(w), dict) or second["type"] == "heartbeat":
            pass
        check("a camera that comes back begins anew", second["type"] == "init" and
              second["starts_at_s"] > first["starts_at_s"], second)
        head = await receive(w)
        check("with a head", boxes(head) == [b"ftyp", b"moov"])
        said = decoded(home, "again", head, [await receive(w) for _ in range(5)])
        check("which is a film of its own", "320x180" in said.replace(" ", ""), said)


async def removed(s):
    loop = asyncio.get_running_loop()
    async with connect(s, "north") as w:
        await receive(w)
        await loop.run_in_executor(None, s.raw, "DELETE", "/streams/north")
        while not isinstance(last := await receive(w), dict) or last["type"] != "ended":
            pass
        check("removed: the viewer is told", "removed" in last["detail"], last)
        await w.wait_closed()
        check("and it ends", w.close_code == 1000, w.close_code)


def ends(s, path, how):
    """A reply without end comes to one."""
    for _ in range(TRIES):
        c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=60)
        c.request("GET", path, headers={"Authorization": "Bearer " + s.token})
        r = c.getresponse()
        if r.status != 429:
            break
        c.close()
        time.sleep(0.1)
    check("%s has begun" % path, r.status == 200 and r.fp.readline() == b"--gantry-picture\r\n")
    how()
    while r.fp.read(65536):
        pass
    check("%s has ended" % path, True)


async def going_away(s):
    async with connect(s, "east") as w:
        await receive(w)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, ends, s, "/streams/east/live", lambda:
                                   s.process.send_signal(signal.SIGTERM))
        await w.wait_closed()
        check("1001 at the end", w.close_code == 1001, w.close_code)


def add(s, stream, source):
    s.raw("POST", "/streams", {"id": stream, "source": source, "reconnect_attempts": -1,
                               "reconnect_delay": 0.2})


def main():
    with folder() as home:
        rtsp = Camera(home)
        s = Server(home + "/store.db", "server.max_live_viewers=3")
        s.raw("POST", "/streams", dict(camera(home), id="small"))
        add(s, "north", rtsp.source)
        s.raw("POST", "/streams", {"id": "dead", "source": "rtsp://me:%s@127.0.0.1:1/x" % SECRET})
        for stream in ("small", "north"):
            eventually(stream + " gives pictures",
                       lambda: s.raw("GET", "/streams/%s/health" % stream).json["is_healthy"])
        s.document = s.raw("GET", "/openapi.json").json
        pictures(s)
        asyncio.run(two_viewers(s, home))
        asyncio.run(without_video(s))
        asyncio.run(too_many(s))
        stuck(s)
        asyncio.run(comes_back(s, rtsp, home))
        asyncio.run(removed(s))
        ends(s, "/streams/small/live", lambda: s.raw("DELETE", "/streams/small"))
        s.every_operation_called("live")
        add(s, "east", rtsp.source)
        eventually("east gives pictures",
                   lambda: s.raw("GET", "/streams/east/health").json["is_healthy"])
        asyncio.run(going_away(s))
        check("ends with 0", s.process.wait(10 * PATIENCE) == 0)
        rtsp.stop()
    finish()


main()
