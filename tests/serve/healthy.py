"""A well-behaved client, in a process of its own so that nobody else's work is taken for the
server's: asks over one connection until standard input ends, then says how that went, as JSON."""
import http.client
import json
import select
import sys
import time

port, token = int(sys.argv[1]), sys.argv[2]
client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
took_s, wrong = [], []
while not select.select([sys.stdin], [], [], 0.02)[0]:
    path = ("/health", "/violations?limit=5", "/analytics/violations/summary")[len(took_s) % 3]
    began = time.monotonic()
    try:
        client.request("GET", path, headers={"Authorization": "Bearer " + token})
        reply = client.getresponse()
        reply.read()
        if reply.status != 200:
            wrong.append([path, reply.status])
    except OSError as e:
        wrong.append([path, repr(e)])
        client.close()
    took_s.append(time.monotonic() - began)
took_s.sort()
json.dump({"count": len(took_s), "wrong": wrong[:5], "worst_ms": took_s[-1] * 1e3,
           "p99_ms": took_s[len(took_s) * 99 // 100] * 1e3}, sys.stdout)
