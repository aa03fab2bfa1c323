"""Thousands of malformed requests, the same every time (malformed.py), while a healthy client goes
on: only 4xx or a closed connection, no crash, no leak, everybody else served.

Usage: test_malformed.py GANTRY FILL COUNT"""
import asyncio
import json
import os
import random
import re
import socket
import struct
import subprocess
import sys
import time

import malformed
from harness import PATIENCE, Server, check, eventually, fill, finish, folder

SEED = 5
ROWS = 1000
AT_ONCE, HELD_AT_ONCE = 48, 400
WAIT_S = 60 * PATIENCE  # far beyond every time limit of the server
HEALTHY_S = 2 * PATIENCE


def status_of(data):
    said = re.match(rb"HTTP/1\.[01] (\d{3}) ", data)
    return int(said.group(1)) if said else None


def is_whole(data, is_head):
    """Whether a first reply is all there."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return False
    for line in data[:end].lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return is_head or len(data) >= end + 4 + int(line.split(b":")[1])
    return False


def why_wrong(server, data, is_head):
    """Of what came back before the connection was closed."""
    if not data:
        return None
    status = status_of(data)
    if status is None or not 400 <= status < 500:
        return "status %s" % status
    fields, _, body = data.partition(b"\r\n\r\n")
    if b"\r\nServer: gantry\r\n" not in fields:
        return "no reply of the server's own"
    if is_head:
        return None
    length = int(re.search(rb"\r\nContent-Length: (\d+)\r\n", fields).group(1))
    return server.invalid(json.loads(body[:length]), {"$ref": "#/components/schemas/Problem"})


class Attack:
    def __init__(self, server):
        self.server = server
        self.number = 0
        self.wrong, self.statuses = [], {}
        self.doors = {True: asyncio.Semaphore(HELD_AT_ONCE), False: asyncio.Semaphore(AT_ONCE)}

    def address(self, strange):
        """Ten share one, whose connections the server counts; who shows wrong tokens has his own,
        which is locked out after ten of them."""
        self.number += 1
        n = self.number if strange else self.number // 10 % 50
        return "127.%d.%d.%d" % (2 if strange else 1, n >> 8 & 255, n & 255)

    async def send(self, case):
        try:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", self.server.port, local_addr=(self.address(case.strange), 0))
        except OSError as e:
            return b"", "cannot connect: %r" % e
        data = b""
        try:
            async with asyncio.timeout(WAIT_S):
                data = await self.talk(case, reader, writer)
        except TimeoutError:
            return data, "still open after %g s" % WAIT_S
        except OSError:
            pass  # the server was quicker to close it
        except asyncio.IncompleteReadError as e:
            data = e.partial
        finally:
            writer.transport.abort()
        return data, None

    async def talk(self, case, reader, writer):
        if case.how == malformed.SLOW:
            for i in range(len(case.data)):
                if writer.is_closing():
                    break  # the server has had enough
                writer.write(case.data[i:i + 1])
                await asyncio.sleep(0.01)
        else:
            writer.write(case.data)
        if case.how == malformed.RESET:
            await asyncio.sleep(0.002)
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return b""
        data = b""
        if case.then:
            data = await reader.readuntil(b"\r\n\r\n")
            if status_of(data) == 101:
                data = b""
                writer.write(case.then)
        if case.how == malformed.HALF:
            await writer.drain()
            writer.write_eof()
        while more := await reader.read(65536):
            data += more
            if case.how != malformed.HALF and is_whole(data, case.data.startswith(b"HEAD")):
                break
        return b"" if case.then and status_of(data) is None else data

    async def one(self, number, case):
        async with self.doors[case.how == malformed.HELD]:
            data, wrong = await self.send(case)
        status = status_of(data)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        wrong = wrong or why_wrong(self.server, data, case.data.startswith(b"HEAD"))
        silent = case.data and not case.then and not data
        if silent and case.how in (malformed.REPLY, malformed.HELD):
            wrong = wrong or "no reply"
        if wrong:
            self.wrong.append((number, case.kind, wrong, case.data[:300], data[:300]))

    async def all(self, cases):
        async with asyncio.TaskGroup() as group:
            for number, case in enumerate(cases):
                group.create_task(self.one(number, case))


def handles(server, home):
    """What files and sockets it has open, by kind and name; but for those of the store, which keeps
    as many readers as ever read at once, and of /proc, which it samples every second."""
    where, seen = "/proc/%d/fd/" % server.process.pid, {}
    for name in os.listdir(where):
        try:
            what = os.readlink(where + name).split(":")[0]
        except FileNotFoundError:
            continue  # of this moment
        if not what.startswith((home, "/proc/")):
            seen[what] = seen.get(what, 0) + 1
    return seen


def memory_mb(server):
    with open("/proc/%d/status" % server.process.pid, encoding="ascii") as f:
        return int(next(line for line in f if line.startswith("VmRSS")).split()[1]) / 1024


def attack(server, count):
    cases = malformed.cases(random.Random(SEED), server.document, server.token, count)
    a = Attack(server)
    asyncio.run(a.all(cases))
    return a


def attack_beside_healthy(server, count):
    """What became of the attack, and what the healthy client says of itself."""
    program = os.path.join(os.path.dirname(__file__), "healthy.py")
    with subprocess.Popen([sys.executable, "-B", program, str(server.port), server.token],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as healthy:
        began = time.monotonic()
        a = attack(server, count)
        took_s = time.monotonic() - began
        said = json.loads(healthy.communicate()[0])
    print("# %d requests in %.1f s: %s" % (count, took_s, a.statuses))
    print("# a healthy client beside them: %d requests, p99 %.1f ms, worst %.1f ms" %
          (said["count"], said["p99_ms"], said["worst_ms"]))
    return a, said


def unchanged(s):
    rows = s.raw("GET", "/violations?limit=1000").json["items"]
    check("no violation was changed", len(rows) == ROWS and
          all(row["review"] == "open" for row in rows))
    streams = [i["id"] for i in s.raw("GET", "/streams").json["items"]]
    check("no stream came or went", streams == ["north"], streams)
    check("no token either", len(s.raw("GET", "/tokens").json["items"]) == 1)


def main():
    count = int(sys.argv[3])
    with folder() as home:
        store, config = home + "/store.db", home + "/gantry.yaml"
        fill(store, ROWS)
        with open(config, "w", encoding="utf-8") as f:
            f.write("streams: [{id: north, source: 'rtsp://127.0.0.1:1/x', autostart: false}]\n")
        s = Server(store, "server.max_body_bytes=%d" % malformed.BODY_MAX,
                   "server.max_connections=2000", config=config)
        s.raw("GET", "/openapi.json")
        eventually("only the port is open", lambda: handles(s, home)["socket"] == 1)
        before = handles(s, home)
        attack(s, 100)
        before_mb = memory_mb(s)
        a, healthy = attack_beside_healthy(s, count)
        print("# memory: %.1f MB before, %.1f MB after" % (before_mb, memory_mb(s)))
        check("%d malformed requests: only 4xx, or closed" % count, not a.wrong, len(a.wrong))
        for wrong in a.wrong[:20]:
            print("#", wrong)
        check("a healthy client is served all the while", not healthy["wrong"] and
              healthy["worst_ms"] < HEALTHY_S * 1e3, healthy)
        eventually("no socket and no file is left open", lambda: handles(s, home) == before)
        unchanged(s)
        check("ends with 0", s.stop() == 0, s.log[-20:])
        errors = [line for line in s.log if ": error:" in line]
        check("nothing is an error of the server's", not errors, errors)
    finish()


main()
