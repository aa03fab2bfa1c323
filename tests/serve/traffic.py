"""Traffic over REST against counts by hand: fill.c says what the store has. Part of test_rest.py."""
import calendar
import time

from harness import check

MORNING = "device_id=east&from=2024-06-03T08:00:00Z&to=2024-06-03T09:00:00Z"


def close(what, seen, expected):
    """Every number of `expected`, to what a reply is rounded to; all else as it is."""
    wrong = {name: (seen.get(name), value) for name, value in expected.items()
             if not (seen.get(name) == value or
                     isinstance(value, float) and isinstance(seen.get(name), (int, float)) and
                     abs(seen[name] - value) < 1e-5)}
    check(what, not wrong, wrong)


def flow(s):
    """08:00: cars at 36.5 km/h at 0, 10, 30, 40 s, trucks at 72.5 km/h at 60, 70 s, each 0.75 s
    over the line; 08:15: one back, of no speed."""
    seen = s.ask("GET", "/flow?%s" % MORNING, 200).json
    buckets = seen["buckets"]
    check("an hour of quarters", (seen["step"], seen["lanes"], [b["from"] for b in buckets]) == (
        "quarter", 1, ["2024-06-03T08:%02d:00.000Z" % m for m in (0, 15, 30, 45)]), seen)
    # Of six speeds the 0.9th, 3rd and 5.1th; headways 10, 20, 10, 20, 10 s; trucks are two cars.
    close("the busy quarter", buckets[0], {
        "count": 6, "measured_count": 6, "lane_unsure_count": 0, "flow_per_hour": 24.0, "mean_kmh": 48.5,
        "p15_kmh": 36 + 0.9 / 4, "p50_kmh": 36 + 3 / 4, "p85_kmh": 72 + 1.1 / 2,
        "headway_seconds": 14.0, "headway_sigma_seconds": 30 ** 0.5, "occupied_ratio": 4.5 / 900,
        "density_per_km": 32 / 48.5, "level_of_service": "A"})
    nothing = dict.fromkeys(["mean_kmh", "p15_kmh", "p50_kmh", "p85_kmh", "headway_seconds",
                             "headway_sigma_seconds", "occupied_ratio", "density_per_km"])
    close("one of no speed", buckets[1], dict(
        nothing, count=1, measured_count=0, flow_per_hour=4.0, level_of_service="unknown"))
    close("nobody", buckets[2], dict(nothing, count=0, level_of_service="unknown"))
    hour = s.ask("GET", "/flow?step=hour&lanes=2&line=stop&direction=forward&" + MORNING, 200).json
    check("one bucket", len(hour["buckets"]) == 1, hour)
    close("the hour in two lanes", hour["buckets"][0],
          {"count": 6, "flow_per_hour": 6.0, "density_per_km": 8 / 48.5 / 2})
    back = s.ask("GET", "/flow?direction=backward&" + MORNING, 200).json["buckets"]
    check("those back", [b["count"] for b in back] == [0, 1, 0, 0], back)
    other = s.ask("GET", "/flow?line=other&" + MORNING, 200).json["buckets"]
    check("another line has none", not any(b["count"] for b in other), other)
    today = s.ask("GET", "/flow", 200).json["buckets"]
    check("a day up to now", len(today) == 96 and
          today[-1]["from"] <= time.strftime("%Y-%m-%dT%H:%M:%S.999Z", time.gmtime()), len(today))
    check("days", len(s.ask("GET", "/flow?step=day", 200).json["buckets"]) == 1)


def lanes(s):
    """08:00, bridge: on the left cars at 72.5 km/h at 0, 10, 20 s; on the right a truck and a car
    at 36.5 km/h at 5, 25 s, the car so near to the marking that it may have been on the left."""
    bridge = MORNING.replace("east", "bridge")
    seen = s.ask("GET", "/flow/lanes?" + bridge, 200).json
    check("lane by lane", (seen["from"], seen["to"], [
        (n["device_id"], n["line"], n["lane"], n["direction"]) for n in seen["lanes"]]) == (
        "2024-06-03T08:00:00.000Z", "2024-06-03T09:00:00.000Z",
        [("bridge", "deck", "left", "forward"), ("bridge", "deck", "right", "forward")]), seen)
    close("on the left", seen["lanes"][0]["traffic"], {
        "count": 3, "measured_count": 3, "lane_unsure_count": 0, "flow_per_hour": 3.0,
        "mean_kmh": 72.5, "p50_kmh": 72.5, "headway_seconds": 10.0, "headway_sigma_seconds": 0.0,
        "occupied_ratio": 1.5 / 3600, "density_per_km": 3 / 72.5, "level_of_service": "A"})
    close("on the right", seen["lanes"][1]["traffic"], {
        "count": 2, "lane_unsure_count": 1, "mean_kmh": 36.5, "headway_seconds": 20.0,
        "headway_sigma_seconds": None, "occupied_ratio": 1 / 3600, "density_per_km": 3 / 36.5})
    one = s.ask("GET", "/flow?lane=right&" + bridge, 200).json["buckets"]
    check("quarters of one", [b["count"] for b in one] == [2, 0, 0, 0], one)
    close("with its headway", one[0], {"headway_seconds": 20.0, "lane_unsure_count": 1})
    both = s.ask("GET", "/flow?line=deck&" + bridge, 200).json["buckets"]
    # Headways are of the lanes: 10, 10 and 20 s, not 5 s from one to the other.
    close("all of them", both[0], {"count": 5, "headway_seconds": 40 / 3, "lane_unsure_count": 1})
    rows = s.ask("GET", "/flow/counts?lane=right&" + bridge, 200).json["counts"]
    check("classes in a lane", [(c["lane"], c["class_name"], c["count"]) for c in rows] == [
        ("right", "car", 1), ("right", "truck", 1)], rows)
    east = s.ask("GET", "/flow/lanes?" + MORNING, 200).json["lanes"]
    check("a line without lanes", [(n["lane"], n["direction"], n["traffic"]["count"])
                                   for n in east] == [
        (None, "backward", 1), (None, "forward", 6)], east)
    check("no such lane", s.ask("GET", "/flow/lanes?lane=middle&" + bridge, 200).json["lanes"] == [])
    for step in ("quarter", "hour", "day"):
        now = s.ask("GET", "/flow/lanes?device_id=bridge&step=" + step, 200).json
        check("lately nobody: " + step, now["lanes"] == [] and now["from"] < now["to"], now)


def counts(s):
    seen = s.ask("GET", "/flow/counts?" + MORNING, 200).json
    rows = [[c[n] for n in ("device_id", "line", "lane", "direction", "class_name", "count",
                            "measured_count", "mean_kmh")] for c in seen["counts"]]
    check("by direction and class", sorted(rows, key=str) == [
        ["east", "stop", None, "backward", "car", 1, 0, None],
        ["east", "stop", None, "forward", "car", 4, 4, 36.5],
        ["east", "stop", None, "forward", "truck", 2, 2, 72.5]], rows)
    check("of whole hours", (seen["from"], seen["to"]) == (
        "2024-06-03T08:00:00.000Z", "2024-06-03T09:00:00.000Z"), seen)
    day = s.ask("GET", "/flow/counts", 200).json["counts"]
    # 1, 2 or 3 cars in each of 24 hours, in turn.
    check("a day up to now", [(c["device_id"], c["count"]) for c in day] == [("west", 48)], day)


def congestion(s):
    minutes = s.ask("GET", "/analytics/congestion?" + MORNING, 200).json["minutes"]
    check("states", [m["state"] for m in minutes] == ["free"] * 10 + ["dense", "queue", "free"],
          minutes)
    close("the queue", minutes[11], {
        "from": "2024-06-03T08:11:00.000Z", "seen_seconds": 60.0, "vehicle_count": 3.5,
        "speed_kmh": 14.4, "calibrated": True, "queue_ratio": 0.9, "queue_meters": 35.5,
        "queue_count": 6})
    close("nobody there", minutes[12], {"vehicle_count": 0, "speed_kmh": None})
    some = s.ask("GET", "/analytics/congestion?device_id=east&from=2024-06-03T08:10:00Z"
                 "&to=2024-06-03T08:12:00Z", 200).json["minutes"]
    check("two minutes", [m["state"] for m in some] == ["dense", "queue"], some)
    check("nothing lately", s.ask("GET", "/analytics/congestion?device_id=east", 200).json ==
          {"minutes": []})


def number_of_hour(when):
    return calendar.timegm(time.strptime(when[:19], "%Y-%m-%dT%H:%M:%S")) // 3600


def weeks(s):
    """Hour n since 1970 has 1 + n % 3 cars, and so has the hour a week before: 168 is 3 * 56."""
    week = s.ask("GET", "/analytics/week?weeks=2&device_id=west", 200).json
    # A week begins on Sunday, 72 hours after 1970 did: 72 is 3 * 24.
    check("the week", week == {"weeks": 2, "per_hour": [
        [1 + hour % 3 for hour in range(24)]] * 7}, week)
    half = s.ask("GET", "/analytics/week?weeks=4&device_id=west", 200).json["per_hour"]
    # Fifteen days are known: of four weeks two, of one weekday three or a part of it.
    check("unknown weeks count as empty", all(n in (
        (1 + h % 3) / 2, (1 + h % 3) * 3 / 4) for d in half for h, n in enumerate(d)), half)
    said = s.ask("GET", "/analytics/forecast?hours=168&line=stop&device_id=west", 200).json
    hours = [number_of_hour(h["from"]) for h in said["hourly"]]
    check("from this hour on", hours == list(range(hours[0], hours[0] + 168)) and
          abs(hours[0] - time.time() // 3600) <= 1, hours)
    check("as every week", [h["per_hour"] for h in said["hourly"]] == [1 + n % 3 for n in hours],
          said["hourly"])
    check("and never wrong", (said["error_per_hour"], said["naive_error_per_hour"]) == (0, 0), said)
    check("a day where nothing else is said",
          len(s.ask("GET", "/analytics/forecast", 200).json["hourly"]) == 24)
    none = s.ask("GET", "/analytics/forecast?device_id=east", 404).json
    check("too little is known", "a week of traffic" in none["detail"], none)


def refused(s):
    backward = "from=2024-06-03T09:00:00Z&to=2024-06-03T08:00:00Z"
    for path in ("flow?step=minute", "flow?lanes=0", "flow?lanes=17", "flow?direction=up",
                 "flow?hours=1", "flow?lane=", "flow/lanes?step=minute", "flow/lanes?" + backward,
                 "flow?from=2020-01-01T00:00:00Z", "flow?" + backward,
                 "flow/counts?from=1990-01-01T00:00:00Z", "flow/counts?" + backward,
                 "analytics/congestion", "analytics/congestion?device_id=",
                 "analytics/congestion?device_id=east&from=2024-06-03T08:00:00Z",
                 "analytics/congestion?device_id=east&" + backward,
                 "analytics/forecast?hours=0", "analytics/forecast?hours=169",
                 "analytics/week?weeks=0", "analytics/week?weeks=53"):
        s.ask("GET", "/" + path, 422)


def all_of_it(s):
    flow(s)
    lanes(s)
    counts(s)
    congestion(s)
    weeks(s)
    refused(s)
