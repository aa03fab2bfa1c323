"""Asks a server that runs already, and checks what it says against its own document; for tests that
are no Python. Usage: replies.py GANTRY FILL PORT PATH STATUS [PATH STATUS]..."""
import sys

from harness import Server, finish


class Running(Server):
    def __init__(self, port):
        self.port, self.token, self.called = port, None, set()


def main():
    s = Running(int(sys.argv[3]))
    asked = sys.argv[4:]
    for path, status in zip(asked[::2], asked[1::2]):
        s.ask("GET", path, int(status))
    finish()


main()
