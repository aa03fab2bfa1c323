"""What `gantry bench serve` compares with: three of Gantry's endpoints as a FastAPI application, from
the same SQLite file, with the same token and the same answers. Written as lean as FastAPI is: no
response models, no thread pool, one connection, statements that sqlite3 keeps prepared.

STORE and TOKEN in the environment; run by uvicorn (Debian: python3-fastapi, python3-uvicorn)."""
import datetime
import hashlib
import hmac
import os
import sqlite3
import time

from fastapi import Depends, FastAPI, HTTPException, Query, Request

BEGAN = time.monotonic()
SEVERITIES = ("low", "medium", "high", "critical")
REVIEWS = ("open", "confirmed", "rejected")
store = sqlite3.connect("file:%s?mode=ro" % os.environ["STORE"], uri=True)
expected = hashlib.sha256(os.environ["TOKEN"].encode()).hexdigest()
app = FastAPI(openapi_url=None)


def iso(us):
    if not us:
        return None
    t = datetime.datetime.fromtimestamp(us / 1e6, datetime.timezone.utc)
    return t.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (us // 1000 % 1000)


async def viewer(request: Request):
    token = request.headers.get("authorization", "")[len("Bearer "):]
    if not hmac.compare_digest(hashlib.sha256(token.encode()).hexdigest(), expected):
        raise HTTPException(401)


@app.get("/health")
async def health():
    return {"status": "ok", "version": "0", "uptime_s": round(time.monotonic() - BEGAN, 3)}


def violation(r):
    return {
        "id": r[0], "violation_type": r[1], "device_id": r[2], "timestamp": iso(r[3]),
        "severity": SEVERITIES[r[4]], "rule": r[5], "class_name": r[6], "plate": r[7],
        "track_id": r[8], "measured": r[9], "uncertainty": r[10], "limit": r[11],
        "tolerance": r[12], "unit": r[13], "bbox": [r[14], r[15], r[16], r[17]],
        "explanation": r[18], "evidence_path": r[19], "config_version": r[20] or None,
        "review": REVIEWS[r[21]], "review_reason": r[22], "review_note": r[23],
        "reviewed_by": r[24], "reviewed_at": iso(r[25]), "held": bool(r[26])}


@app.get("/violations", dependencies=[Depends(viewer)])
async def violations(limit: int = Query(50, ge=1, le=1000)):
    rows = store.execute(
        "SELECT id, type, device, at_us, severity, rule, class, plate, track_id, measured,"
        " uncertainty, limit_value, tolerance, unit, x1, y1, x2, y2, explanation, evidence,"
        " config_version, review, review_reason, review_note, reviewed_by, reviewed_us, held"
        " FROM violations ORDER BY at_us DESC, id DESC LIMIT ?", (limit + 1,)).fetchall()
    more = len(rows) > limit
    rows = rows[:limit]
    return {"items": [violation(r) for r in rows],
            "next": "%d-%d" % (rows[-1][3], rows[-1][0]) if more else None}


@app.get("/analytics/violations/summary", dependencies=[Depends(viewer)])
async def summary():
    def sums(column, grouping):
        return store.execute(
            "SELECT %s, count FROM violation_sums WHERE scale = 3 AND grouping = %d"
            " AND bucket = 0" % (column, grouping)).fetchall()

    types = dict(sums("type", 0))
    severities = dict(sums("severity", 2))
    return {"total_violations": sum(types.values()), "by_type": types,
            "by_severity": {name: severities.get(i, 0) for i, name in enumerate(SEVERITIES)},
            "active_locations": len(sums("device", 1))}
