"""`gantry serve` runs a camera: what it sees is told, recorded, and survives whatever end."""
import asyncio
import json
import signal
import subprocess
import time

import websockets

from harness import GANTRY, PATIENCE, Server, check, eventually, finish, folder, small_world


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def configure(home, more=""):
    source, _ = small_world(home)
    write(home + "/gantry.yaml", "streams:\n  - id: north\n    source: '%s'\n    loop: true\n"
          "    scene_file: sim/scene.yaml\n%s" % (source, more))
    return home + "/gantry.yaml"


async def listen(s, channel, count, say=None, stream=None):
    """So many messages of a kind that is no heartbeat, of one stream where that is named."""
    seen = []
    url = "ws://127.0.0.1:%d%s?access_token=%s" % (s.port, channel, s.token)
    async with websockets.connect(url) as ws:
        if say:
            await ws.send(json.dumps(say))
        while len(seen) < count:
            message = json.loads(await asyncio.wait_for(ws.recv(), 60))
            if message["type"] not in ("heartbeat", "subscribed") and \
                    stream in (None, message.get("stream_id")):
                seen.append(message)
    return seen


def realtime(s):
    frames = asyncio.run(listen(s, "/ws/realtime", 20, {"streams": ["north"]}))
    check("every message is a frame of it",
          {(f["type"], f["stream_id"], f["config_version"]) for f in frames} ==
          {("frame", "north", 1)}, frames[0])
    numbers = [f["sequence"] for f in frames]
    check("in order", numbers == sorted(set(numbers)), numbers)
    check("with what the contract names", all(
        {"success", "processing_time_ms", "detections", "tracked_vehicles", "violations",
         "timestamp", "device_id"} <= set(f) for f in frames))
    while len(frames) < 1000 and not any(f["tracked_vehicles"] for f in frames):
        frames += asyncio.run(listen(s, "/ws/realtime", 20))
    vehicles = [v for f in frames for v in f["tracked_vehicles"]]
    check("speeds with their uncertainty, or why there is none", vehicles and all(
        ("speed_kmh" in v and "speed_uncertainty_kmh" in v) != ("speed_status" in v)
        for v in vehicles), vehicles[:1])
    other = asyncio.run(listen(s, "/ws/realtime", 2, {"streams": ["north"], "rate": 2}))
    check("not more often than was asked for", len(other) == 2)


def recorded(s):
    def found():
        return s.raw("GET", "/violations?type=speed_violation").json["items"]
    eventually("a violation", found, 120)
    one = s.raw("GET", "/violations/%d" % found()[-1]["id"]).json
    check("names the configuration that judged it", one["config_version"] == 1, one)
    check("has its evidence", {f["role"] for f in one["files"]} == {"record", "scene", "vehicle"},
          one)
    scene = s.raw("GET", "/violations/%d/evidence/scene" % one["id"])
    check("which is a picture", scene.body[:2] == b"\xff\xd8")
    eventually("passages are counted",
               lambda: s.raw("GET", "/streams/north/statistics").json["passages"] > 0)

    def lanes():
        return s.raw("GET", "/flow/lanes?line=main%20count").json["lanes"]
    eventually("lane by lane, from one line", lanes)
    check("by the lanes' names", {n["lane"] for n in lanes()} <= {"f1", "f2", "b1", "b2"}, lanes())


def ids(s):
    return [v["id"] for v in s.raw("GET", "/violations?limit=1000").json["items"]]


def ends_and_comes_back(home, config):
    store = home + "/store.db"
    s = Server(store, config=config)
    token = s.token
    realtime(s)
    recorded(s)
    before = time.monotonic()
    code = s.stop()
    took = time.monotonic() - before
    check("ends with 0 within 2 s", code == 0 and took < 2 * PATIENCE, (code, took, s.log))
    s = Server(store, config=config)
    s.token = token
    check("the file says the same: no new version",
          s.raw("GET", "/streams/north").json["version"] == 1)
    eventually("and the camera runs again",
               lambda: s.raw("GET", "/streams/north").json["is_healthy"])
    kept = ids(s)
    s.stop(signal.SIGKILL)
    s = Server(store, config=config)
    s.token = token
    check("killed: nothing is lost", set(kept) <= set(ids(s)), kept)
    eventually("and it runs again", lambda: s.raw("GET", "/streams/north").json["is_healthy"])
    return s


def declared_anew(s, home):
    configure(home, "    target_fps: 5\n  - id: gone\n    source: rtsp://127.0.0.1:1/x\n"
              "    reconnect_attempts: -1\n    reconnect_delay: 0.5\n")
    s.process.send_signal(signal.SIGHUP)
    eventually("SIGHUP: what the file says now",
               lambda: s.raw("GET", "/streams/north").json["version"] == 2)
    begun = asyncio.run(listen(s, "/ws/alerts", 1, stream="gone"))[0]
    check("a camera that is not there is told", (begun["state"], begun["stream_id"], begun["rule"])
          == ("began", "gone", "camera_offline"), begun)


def taken_over(home, config, token):
    """An alert of a process that was killed goes on in the next, and ends there."""
    s = Server(home + "/store.db", config=config)
    s.token = token

    def alerts():
        return [a for a in s.raw("GET", "/monitoring/alerts").json["items"]
                if a["rule"] == "camera_offline"]
    check("the alert goes on", len(alerts()) == 1, alerts())
    s.raw("POST", "/streams/gone/stop")
    eventually("until the camera is stopped", lambda: not alerts())
    s.stop()


def stays_stopped(home, config, token):
    """Who stopped a camera wants it stopped, also after a restart."""
    s = Server(home + "/store.db", config=config)
    s.token = token
    check("a camera that was stopped stays so", not s.raw("GET", "/streams/gone").json["is_running"])
    check("and others run", s.raw("GET", "/streams/north").json["is_running"])
    s.raw("POST", "/streams/gone/start")
    s.stop()
    s = Server(home + "/store.db", config=config)
    s.token = token
    check("until it is started", s.raw("GET", "/streams/gone").json["is_running"])
    s.stop()


def main():
    with folder() as home:
        config = configure(home)
        checked = subprocess.run([GANTRY, "check", config], capture_output=True, text=True)
        check("gantry check takes it", checked.returncode == 0, checked.stdout)
        s = ends_and_comes_back(home, config)
        declared_anew(s, home)
        s.stop(signal.SIGKILL)
        taken_over(home, config, s.token)
        stays_stopped(home, config, s.token)
        verified = subprocess.run([GANTRY, "db", "check", home + "/store.db"],
                                  capture_output=True, text=True)
        check("the store is whole, and so is its evidence", verified.returncode == 0,
              verified.stdout + verified.stderr)
    finish()


main()
