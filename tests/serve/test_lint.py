"""/openapi.json as a linter sees it (tools/fetch-openapi-linter)."""
import os
import shutil
import subprocess
import sys

from harness import Server, check, finish, folder

ROOT = os.environ["GANTRY_SOURCE_ROOT"]
LINTER = ROOT + "/.deps/openapi-linter"


def main():
    node = shutil.which("node") or shutil.which("nodejs")
    if not node or not os.path.isdir(LINTER + "/node_modules"):
        print("1..0 # SKIP no node or no linter here: tools/fetch-openapi-linter installs it")
        sys.exit(0)
    with folder() as home:
        s = Server(home + "/store.db")
        with open(home + "/openapi.json", "wb") as f:
            f.write(s.raw("GET", "/openapi.json").body)
        said = subprocess.run([node, ROOT + "/tests/serve/linter/lint.js", LINTER,
                               home + "/openapi.json"], capture_output=True, text=True)
        check("the linter has nothing to say", said.returncode == 0, said.stdout + said.stderr)
        s.stop()
    finish()


main()
