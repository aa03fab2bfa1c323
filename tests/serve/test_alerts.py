"""Alerts by rules of gantry.yaml: told, kept, acknowledged, over."""
import asyncio
import json

import websockets

from harness import Server, check, eventually, finish, folder
from streams import make_world

RULES = """
alerts:
  - {name: used, metric: memory_percent, operator: ">", threshold: 0, severity: info}
  - {name: pictures, metric: stream.small.fps, operator: ">", threshold: 0.5, hysteresis: 0.1,
     description: gives pictures, cooldown_seconds: 3600}
  - {name: low_disk, metric: disk_free_percent, operator: "<", threshold: 0, enabled: false}
"""


def alerts(s, query=""):
    return s.raw("GET", "/alerts" + query).json["items"]


def of(s, rule, query=""):
    return [a for a in alerts(s, query) if a["rule"] == rule]


async def told(s, rule, then):
    """What /ws/alerts says of a rule after something was done."""
    url = "ws://127.0.0.1:%d/ws/alerts?access_token=%s" % (s.port, s.token)
    async with websockets.connect(url, max_queue=None) as w:
        await asyncio.get_running_loop().run_in_executor(None, then)
        while True:
            message = json.loads(await asyncio.wait_for(w.recv(), 60))
            if message.get("rule") == rule:
                return message


def machine(s):
    eventually("an alert about the machine", lambda: of(s, "used"))
    one = of(s, "used")[0]
    check("which says what was measured", one["metric"] == "system.memory_percent" and
          one["stream_id"] is None and one["value"] > 0 and one["threshold"] == 0 and
          one["severity"] == "info" and one["ended_at"] is None, one)
    check("and goes on", of(s, "used", "?open=true"))


def stream(s, home):
    began = asyncio.run(told(s, "pictures", lambda: s.raw(
        "POST", "/streams", {"id": "small", "source": make_world(home), "loop": True})))
    check("told when it begins", began["state"] == "began" and began["stream_id"] == "small" and
          began["metric"] == "stream.small.fps" and began["message"].startswith(
              "small gives pictures: stream.small.fps is "), began)
    known = s.ask("PATCH", "/alerts/%d" % began["id"], 200, {"acknowledged": True}).json
    check("acknowledged", known["acknowledged_by"] == "first" and known["id"] == began["id"], known)
    ended = asyncio.run(told(s, "pictures", lambda: s.raw("POST", "/streams/small/stop")))
    check("told when it is over", ended["state"] == "ended" and ended["id"] == began["id"], ended)
    one = of(s, "pictures")[0]
    check("and kept", one["ended_at"] is not None and one["acknowledged_by"] == "first", one)
    check("but not among those that go on", not of(s, "pictures", "?open=true"))


def asking(s):
    for query in ("", "?open=true", "?limit=1", "?before=1"):
        s.ask("GET", "/alerts" + query, 200)
    check("nothing before the first", alerts(s, "?before=1") == [])
    s.ask("GET", "/alerts?limit=0", 422)
    s.ask("PATCH", "/alerts/999", 404, {"acknowledged": True})
    s.ask("PATCH", "/alerts/1", 422, {"acknowledged": False})
    s.ask("PATCH", "/alerts/1", 422, {})
    viewer = s.raw("POST", "/tokens", {"name": "v", "role": "viewer"}).json["token"]
    s.ask("GET", "/alerts", 200, token=viewer)
    s.ask("PATCH", "/alerts/1", 403, {"acknowledged": True}, token=viewer)
    log = [(a["action"], a["object"]) for a in s.raw("GET", "/audit?limit=100").json["items"]]
    check("in the audit log", any(a == "acknowledge" for a, _ in log), log)


def main():
    with folder() as home:
        with open(home + "/gantry.yaml", "w", encoding="utf-8") as f:
            f.write(RULES)
        s = Server(home + "/store.db", config=home + "/gantry.yaml")
        machine(s)
        stream(s, home)
        asking(s)
        s.every_operation_called("alerts")
        check("ends with 0", s.stop() == 0)
    finish()


main()
