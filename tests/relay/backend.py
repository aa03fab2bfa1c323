#!/usr/bin/env python3
"""A backend for tests: takes violations over real HTTP, and fails, hangs and comes back as told.

Prints its port, then works off a script from its arguments, one word for each request:
  201, 500, ...   answers so         hang    answers never
  close           closes at once     long    answers 201 with 3 MB behind it
and 201 after the last. Each request that was answered 2xx is one line of JSON in FILE.
Usage: backend.py FILE [WORD...]
"""
import hashlib, hmac, http.server, json, sys, threading, time

words = sys.argv[2:]
lock = threading.Lock()
out = open(sys.argv[1], 'a')


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        with lock:
            word = words.pop(0) if words else '201'
        if word == 'hang':
            time.sleep(30)
            self.close_connection = True
            return
        if word == 'close':
            self.close_connection = True
            return
        status = 201 if word == 'long' else int(word)
        signed = self.headers.get('X-Gantry-Timestamp', '').encode() + b'.' + body
        expected = 'sha256=' + hmac.new(b'secret', signed, hashlib.sha256).hexdigest()
        if 200 <= status < 300:
            record = {
                'body': json.loads(body),
                'key': self.headers.get('Idempotency-Key'),
                'token': self.headers.get('Authorization'),
                'signed': hmac.compare_digest(expected, self.headers.get('X-Gantry-Signature', '')),
            }
            with lock:
                out.write(json.dumps(record) + '\n')
                out.flush()
        reply = b'x' * 3000000 if word == 'long' else b'{}'
        self.send_response(status)
        self.send_header('Content-Length', str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, address):
        pass  # a client that gives up is part of the tests


server = Server(('127.0.0.1', 0), Handler)
server.daemon_threads = True
sys.stdout.write('%d\n' % server.server_port)
sys.stdout.flush()
server.serve_forever()
