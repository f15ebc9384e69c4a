"""A service of tests: `small_server.py FOLDER --port=PORT | --print [--child FILE] [--deaf]`.

It serves FOLDER. With --print it takes any port and says which; with --child it starts a program that
leaves its session, and writes its number into FILE; with --deaf it does not end when asked to.
"""

import argparse
import functools
import http.server
import os
import signal
import subprocess
import sys

asked = argparse.ArgumentParser()
asked.add_argument("folder", nargs="?", default=".")
asked.add_argument("--port", type=int, default=0)
asked.add_argument("--print", action="store_true")
asked.add_argument("--child")
asked.add_argument("--deaf", action="store_true")
# As TensorBoard is called.
asked.add_argument("--logdir")
asked.add_argument("--host", default="127.0.0.1")
asked = asked.parse_args()

if asked.deaf:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if asked.child:
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    with open(f"{asked.child}.part", "w") as file:
        file.write(f"{child.pid} {os.getpid()}")
    os.replace(f"{asked.child}.part", asked.child)
handler = functools.partial(
    http.server.SimpleHTTPRequestHandler, directory=asked.logdir or asked.folder
)
with http.server.ThreadingHTTPServer((asked.host, asked.port), handler) as server:
    if asked.print:
        print(f"it is at http://{asked.host}:{server.server_port}/page.txt?a=b .", flush=True)
    print("serving", file=sys.stderr, flush=True)
    server.serve_forever()
