"""WebSockets: who may, resuming violations from an id, heartbeats told, 1001 at the end."""
import asyncio
import contextlib
import json
import signal

import websockets

from harness import Server, check, fill, finish, folder


def url(s, path):
    return "ws://127.0.0.1:%d%s" % (s.port, path)


@contextlib.asynccontextmanager
async def connect(s, path, token=True, subprotocols=None):
    """Without a bound on what waits: at 32 messages that nobody asked for, this client stops reading,
    does not see the answer to its own close, and gives up after 10 s."""
    headers = {"Authorization": "Bearer " + s.token} if token else {}
    async with websockets.connect(url(s, path), extra_headers=headers, max_queue=None,
                                  subprotocols=subprotocols) as socket:
        s.called.add(s.operation("GET", path)["operationId"])
        yield socket


async def refused(s, path, status, **how):
    try:
        async with connect(s, path, **how):
            seen = 101
    except websockets.exceptions.InvalidStatusCode as e:
        seen = e.status_code
    check("%s: %d" % (path, status), seen == status, seen)


async def receive(socket, wait=10):
    return json.loads(await asyncio.wait_for(socket.recv(), wait))


async def ids(socket, count):
    return [(await receive(socket))["violation"]["id"] for _ in range(count)]


async def refusals(s):
    await refused(s, "/ws/violations", 401, token=False)
    await refused(s, "/ws/violations?access_token=x", 401, token=False)
    await refused(s, "/ws/nothing", 404)
    await refused(s, "/health", 400)
    await refused(s, "/ws/violations?after=x", 422)
    async with connect(s, "/ws/violations?after=0&access_token=" + s.token, token=False) as w:
        check("a token in the query, for browsers", (await ids(w, 1)) == [1])
    async with connect(s, "/ws/violations?after=0", token=False,
                       subprotocols=["gantry", s.token]) as w:
        check("or as a subprotocol, of which the other is spoken",
              (await ids(w, 1)) == [1] and w.subprotocol == "gantry", w.subprotocol)
    await refused(s, "/ws/violations", 401, token=False, subprotocols=["gantry", "gantry_x"])


async def following(s):
    async with connect(s, "/ws/violations?after=0") as w:
        seen = await ids(w, 300)
        check("all from the beginning", seen == list(range(1, 301)), seen[:5])
    async with connect(s, "/ws/violations?after=298") as w:
        check("from an id on", await ids(w, 2) == [299, 300])
    async with connect(s, "/ws/violations?after=299") as w:
        first = await receive(w)
        schema = {"$ref": "#/components/schemas/Violation"}
        check("as REST has it", first["type"] == "violation" and
              not s.invalid(first["violation"], schema), first)


async def commands(s):
    async with connect(s, "/ws/realtime") as w:
        await w.send('{"streams": ["north"], "rate": 5}')
        check("subscribed", (await receive(w))["type"] == "subscribed")
        for wrong in ('{"steams": []}', "[", '{"rate": 0}', '{"streams": [1]}'):
            await w.send(wrong)
            check("refused: " + wrong, (await receive(w))["type"] == "error")
        await w.send("x" * 5000)
        try:
            await receive(w)
            code = None
        except websockets.exceptions.ConnectionClosed as e:
            code = e.rcvd.code if e.rcvd else None
        check("too long: 1009", code == 1009, code)


async def metrics(s):
    async with connect(s, "/ws/monitoring") as w:
        for _ in range(2):
            m = await receive(w)
            wrong = s.invalid(m["system"], {"$ref": "#/components/schemas/SystemMetrics"}) or \
                s.invalid(m["performance"], {"$ref": "#/components/schemas/Performance"})
            check("metrics", m["type"] == "metrics" and not wrong, wrong)


async def going_away(s):
    async with connect(s, "/ws/violations") as w, connect(s, "/ws/realtime") as v, \
            connect(s, "/ws/alerts") as u:
        await asyncio.sleep(0.3)
        loop = asyncio.get_running_loop()
        loop.run_in_executor(None, s.process.send_signal, signal.SIGTERM)
        for socket in (w, v, u):
            try:
                await receive(socket)
                code = None
            except websockets.exceptions.ConnectionClosed as e:
                code = e.rcvd.code if e.rcvd else None
            check("1001 at the end", code == 1001, code)


def main():
    with folder() as home:
        store = home + "/store.db"
        fill(store, 300)
        s = Server(store)
        s.raw("GET", "/openapi.json")
        asyncio.run(refusals(s))
        asyncio.run(following(s))
        asyncio.run(commands(s))
        asyncio.run(metrics(s))
        asyncio.run(going_away(s))
        s.every_operation_called("sockets")
        check("ends with 0", s.process.wait(10) == 0)
    finish()


main()
