"""Streams over REST: a simulated camera, small and quick, and one that is not there."""
import json
import os
import sqlite3

from harness import check, eventually

WORLD = """
name: small
duration_s: 20
video: {width_px: 320, height_px: 180, fps: 10}
camera: {position: [-1, 0], height_m: 9, pitch_deg: 13, focal_px: 337}
roads: [{name: main, points: [[0, -60], [0, 320]], forward: 2, backward: 2}]
users: [{kind: car, route: [main.f1], at_m: 10, speed_kmh: 79}]
"""
SECRET = "geheim"


def make_world(home):
    path = os.path.join(home, "world.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(WORLD)
    return "sim:" + path


def camera(home):
    """The body of POST /streams for the small world."""
    return {"id": "small", "source": make_world(home), "loop": True,
            "image": {"width_px": 320, "height_px": 180},
            "calibration": {"points": [
                {"image": [60, 170], "road": [-6, 15]}, {"image": [260, 170], "road": [4, 15]},
                {"image": [200, 90], "road": [4, 45]}, {"image": [120, 90], "road": [-6, 45]}]},
            "lines": [{"name": "across", "points": [[20, 120], [300, 120]], "count": True}],
            "zones": [{"name": "all", "polygon": [[0, 60], [319, 60], [319, 179], [0, 179]]}],
            "rules": [{"kind": "speed_violation", "limit_kmh": 300, "zone": "all"}]}


def creating(s, home):
    body = camera(home)
    made = s.ask("POST", "/streams", 201, body)
    check("where it is", made.headers["Location"] == "/streams/small")
    check("its first version", made.json["version"] == 1 and made.json["is_running"])
    s.ask("POST", "/streams", 409, body)
    for wrong in ({"source": "sim:"}, {"id": "x"}, {"id": "a/b", "source": "sim:"},
                  {"id": "x", "source": "sim:", "target_fsp": 3},
                  {"id": "x", "source": "sim:", "buffer_size": 1},
                  {"id": "x", "source": "sim:", "rules": [{"kind": "sped"}]},
                  {"id": "x", "source": "sim:", "scene_file": "/etc/passwd"},
                  {"id": "x", "source": ""}, []):
        s.ask("POST", "/streams", 422, wrong)
    check("none of them came to be", [i["id"] for i in s.ask("GET", "/streams", 200).json["items"]]
          == ["small"])
    eventually("pictures come", lambda: s.raw("GET", "/streams/small/health").json["is_healthy"])
    eventually("and are analysed", lambda: s.raw("GET", "/streams/small/statistics").json[
        "frames_looked_at"] > 0)
    one = s.ask("GET", "/streams/small", 200).json
    check("what it is", (one["width_px"], one["height_px"], one["detector"], one["is_calibrated"])
          == (320, 180, "motion", True), one)
    s.ask("GET", "/streams/small/health", 200)
    s.ask("GET", "/streams/small/statistics", 200)
    s.ask("GET", "/streams/nothing", 404)
    s.ask("GET", "/streams/nothing/statistics", 404)


def size_of(jpeg):
    """Width and height that a JPEG file's frame header says."""
    at = jpeg.index(b"\xff\xc0")
    return int.from_bytes(jpeg[at + 7:at + 9], "big"), int.from_bytes(jpeg[at + 5:at + 7], "big")


def snapshots(s):
    plain = s.ask("GET", "/streams/small/snapshot.jpg", 200)
    check("a picture of that size", plain.headers["Content-Type"] == "image/jpeg" and
          size_of(plain.body) == (320, 180), plain.headers.items())
    drawn = s.ask("GET", "/streams/small/snapshot.jpg?annotated=true", 200)
    check("and with what was found drawn on it", size_of(drawn.body)[0] == 320 and
          drawn.body != plain.body)
    s.ask("GET", "/streams/small/snapshot.jpg?annotated=perhaps", 422)
    s.ask("GET", "/streams/nothing/snapshot.jpg", 404)


def problems(s):
    """What is wrong is said by the lines that were sent."""
    typed = {"Content-Type": "application/json"}
    text = '{\n  "rules": [\n    {"kind": "speed_violation", "limit_kmh": -5},\n' \
           '    {"kind": "speed_violation", "limit_kmh": 50, "zone": "al"}\n  ]\n}'
    said = s.ask("PUT", "/streams/small/rules", 422, text, headers=typed).json["errors"]
    check("path, line and column", [(e["name"], e["line"], e["column"]) for e in said] ==
          [("rules[0].limit_kmh", 3, 46), ("rules[1].zone", 4, 5)], said)
    s.ask("PUT", "/streams/small/zones", 422, {"zones": [{"name": "all", "polygon": [[0, 0]]}]})
    s.ask("PUT", "/streams/small/zones", 422, {"rules": []})
    s.ask("PUT", "/streams/small/calibration", 422,
          {"image": {"width_px": 640, "height_px": 360}})
    s.ask("PATCH", "/streams/small", 422, {"id": "other"})
    s.ask("PATCH", "/streams/nothing", 404, {"loop": True})
    check("nothing changed", s.raw("GET", "/streams/small").json["version"] == 1)


def versions(s):
    connects = s.raw("GET", "/streams/small/statistics").json["connects"]
    rules = [{"kind": "speed_violation", "limit_kmh": 20, "zone": "all"}]
    put = s.ask("PUT", "/streams/small/rules", 200, {"rules": rules}).json
    check("the second version", put["version"] == 2 and put["config"]["rules"] == rules, put)
    eventually("which soon judges", lambda: s.raw("GET", "/streams/small").json[
        "judging_version"] == 2)
    check("over the same connection",
          s.raw("GET", "/streams/small/statistics").json["connects"] == connects)
    s.ask("PUT", "/streams/small/rules?expected_version=1", 409, {"rules": rules})
    zones = s.ask("GET", "/streams/small/zones", 200).json["config"]
    s.ask("PUT", "/streams/small/zones", 200, {"zones": zones["zones"]})
    points = s.ask("GET", "/streams/small/calibration", 200).json["config"]["calibration"]
    s.ask("PUT", "/streams/small/calibration?expected_version=3", 200, {"calibration": points})
    s.ask("GET", "/streams/small/rules", 200)
    seen = s.ask("GET", "/streams/small/versions", 200).json["items"]
    check("all versions, newest first", [v["version"] for v in seen] == [4, 3, 2, 1], seen)
    check("and whose they are", {v["author"] for v in seen} == {"first"}, seen)
    one = s.ask("GET", "/streams/small/versions/1", 200).json
    check("the first is as it was", one["config"]["rules"][0]["limit_kmh"] == 300, one)
    s.ask("GET", "/streams/small/versions/9", 404)
    diff = s.ask("GET", "/streams/small/diff?from=1&to=4", 200).json["items"]
    check("what differs", diff == [{"path": "rules[0].limit_kmh", "before": 300, "after": 20}],
          diff)
    s.ask("GET", "/streams/small/diff?from=1", 422)
    s.ask("GET", "/streams/small/diff?from=1&to=9", 404)
    back = s.ask("POST", "/streams/small/rollback", 200, {"version": 1}).json
    check("back as a new version", back["version"] == 5, back)
    s.ask("POST", "/streams/small/rollback", 404, {"version": 9})
    s.ask("POST", "/streams/small/rollback?expected_version=1", 409, {"version": 1})
    diff = s.ask("GET", "/streams/small/diff?from=1&to=5", 200).json["items"]
    check("with nothing that differs", diff == [], diff)


def secrets(s, home):
    source = "rtsp://me:%s@127.0.0.1:1/x" % SECRET
    s.ask("POST", "/streams", 201, {"id": "dead", "source": source, "password": SECRET + "2",
                                    "reconnect_attempts": -1, "reconnect_delay": 0.5})
    s.ask("PATCH", "/streams/dead", 200, {"source": "rtsp://me:***@127.0.0.1:1/x", "loop": True})
    s.ask("GET", "/streams/dead/config", 200)
    for path in ("/streams", "/streams/dead", "/streams/dead/config", "/streams/dead/versions/1",
                 "/streams/dead/diff?from=1&to=2", "/streams/dead/health", "/audit"):
        check("no secret in " + path, SECRET not in s.raw("GET", path).body.decode())
    with sqlite3.connect("file:%s/store.db?mode=ro" % home, uri=True) as store:
        kept = store.execute("SELECT config FROM streams WHERE id = 'dead'").fetchone()[0]
    check("a masked source stays what it was", json.loads(kept)["source"] == source)


def offline(s):
    def alerts():
        return [a for a in s.raw("GET", "/monitoring/alerts").json["items"]
                if a["rule"] == "camera_offline"]
    eventually("a camera without pictures is an alert", lambda: [
        a for a in alerts() if a["metric"] == "stream.dead.is_healthy"])
    s.ask("GET", "/monitoring/alerts", 200)
    s.ask("POST", "/streams/dead/stop", 200)
    eventually("which ends when it is stopped", lambda: not alerts())
    s.ask("DELETE", "/streams/dead", 204)
    s.ask("DELETE", "/streams/dead", 404)
    s.ask("POST", "/streams/dead/start", 404)


def controlling(s):
    stopped = s.ask("POST", "/streams/small/stop", 200).json
    check("stopped", not stopped["is_running"] and stopped["state"] == "stopped", stopped)
    s.ask("POST", "/streams/small/stop", 200)
    s.ask("GET", "/streams/small/snapshot.jpg", 503)
    check("all its frames are accounted for",
          s.raw("GET", "/streams/small/statistics").json["unaccounted"] == 0)
    started = s.ask("POST", "/streams/small/start", 200).json
    check("started", started["is_running"], started)
    s.ask("POST", "/streams/small/start", 200)
    whole = s.ask("GET", "/streams/small/config", 200).json["config"]
    whole["detector"] = {"kind": "onnx"}
    s.ask("PUT", "/streams/small", 200, whole)
    eventually("a detector without its model: failed, with the reason", lambda: s.raw(
        "GET", "/streams/small").json["state"] == "failed")
    s.ask("POST", "/streams/small/start", 409)
    log = [(a["action"], a["object"]) for a in s.raw("GET", "/audit?limit=100").json["items"]]
    check("in the audit log", {("create", "streams/small"), ("change", "streams/small"),
                               ("stop", "streams/small"), ("start", "streams/small"),
                               ("delete", "streams/dead")} <= set(log), log)


def roles(s):
    tokens = {role: s.ask("POST", "/tokens", 201, {"name": role, "role": role}).json["token"]
              for role in ("viewer", "operator")}
    s.ask("GET", "/streams", 200, token=tokens["viewer"])
    s.ask("GET", "/streams/small/config", 403, token=tokens["viewer"])
    s.ask("POST", "/streams/small/start", 403, token=tokens["viewer"])
    s.ask("POST", "/streams/small/stop", 200, token=tokens["operator"])
    s.ask("PATCH", "/streams/small", 403, {"loop": True}, token=tokens["operator"])
    s.ask("DELETE", "/streams/small", 403, token=tokens["operator"])


def all_of_it(s, home):
    creating(s, home)
    snapshots(s)
    problems(s)
    versions(s)
    secrets(s, home)
    offline(s)
    controlling(s)
    roles(s)
