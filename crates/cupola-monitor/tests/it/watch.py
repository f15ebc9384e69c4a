"""Watches a workspace by Experimaestro's own client: `watch.py HOST CONFIG PROGRAM WORKDIR`.

Says as JSON what it sees; then, for each line of its input, what it heard of until something came.
"""

import json
import queue
import shlex
import sys

from experimaestro.scheduler.remote.client import SSHStateProviderClient

host, config, program, workdir = sys.argv[1:]
client = SSHStateProviderClient(
    host,
    workdir,
    ssh_options=["-F", config],
    remote_xpm_path=shlex.quote(program),
    output_callback=lambda line: None,
)
client.connect(timeout=30)
heard = queue.Queue()
client.add_listener(heard.put)


def say(what):
    print(json.dumps(what), flush=True)


def row(job):
    process = client.get_process_info(job)
    return {
        "id": job.identifier,
        "task": job.task_id,
        "state": str(job.state.name),
        "started": job.starttime is not None,
        "process": process and process.pid,
    }


experiments = client.get_experiments()
runs = {it.experiment_id: client.get_experiment_runs(it.experiment_id) for it in experiments}
first = experiments[0].experiment_id
say(
    {
        "workspace": client.remote_workspace,
        "experiments": [[it.experiment_id, it.run_id, len(it.job_infos)] for it in experiments],
        "runs": {name: len(of) for name, of in runs.items()},
        "jobs": [row(job) for job in client.get_all_jobs()],
        "of_run": len(client.get_jobs(first)),
        "done": len(client.get_jobs(first, state="done")),
        "tags": client.get_tags_map(first),
        "dependencies": client.get_dependencies_map(first),
        "services": [it.id for it in client.get_services(first)],
        "orphans": [it.identifier for it in client.get_orphan_jobs()],
        "stray": [it.identifier for it in client.get_stray_jobs()],
        "warnings": [it.warning_key for it in client.get_unresolved_warnings()],
    }
)
for line in sys.stdin:
    job_id = line.strip()
    while True:
        event = heard.get(timeout=60)
        if getattr(event, "job_id", None) == job_id:
            break
    job = next(job for job in client.get_all_jobs() if job.identifier == job_id)
    say({"event": type(event).__name__, "state": str(job.state.name)})
client.disconnect()
