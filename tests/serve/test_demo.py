"""`gantry serve --demo`: four cameras, with nothing configured."""
import os
import re
import subprocess
import tempfile

from harness import GANTRY, Server, check, eventually, finish, spawn


class Demo(Server):
    def __init__(self, home):
        self.process = spawn(
            [os.path.abspath(GANTRY), "serve", "--demo", "--set", "server.port=0"], stdout=subprocess.PIPE,
            stderr=open(home + "/log", "w", encoding="utf-8"), text=True, cwd=home)
        self.log, self.called = [], set()
        said = ""
        while "curl" not in said:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("the demo did not start")
            said += line
        self.token = re.search(r"gantry_[0-9a-f]{64}", said).group(0)
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)", said).group(1))


def main():
    with tempfile.TemporaryDirectory(prefix="gantry-serve-") as home:
        s = Demo(home)

        def streams():
            return s.raw("GET", "/streams").json["items"]
        check("four cameras", len(streams()) == 4, streams())
        made = os.path.dirname(streams()[0]["source"][len("sim:"):])
        check("in a folder", os.path.isdir(made), made)
        eventually("all of them give pictures", lambda: all(i["is_healthy"] for i in streams()))
        eventually("somebody breaks a rule",
                   lambda: s.raw("GET", "/violations").json["items"], 120)
        s.process.terminate()
        check("ends with 0", s.process.wait(timeout=30) == 0)
        check("nothing is left where it was started", os.listdir(home) == ["log"],
              os.listdir(home))
        check("nor below /tmp", not os.path.exists(made))
    finish()


main()
