"""A Bell pair in a session: open it, run a job, look at what happened and what it cost.

    python bell_session.py

Where the server is and who you are comes from the environment, see README.md in this folder. The exit code is 0 only if the
answers were right: a Bell pair gives 00 and 11 and nothing else, and the session ends closed.
"""

import os
import sys
import warnings
from datetime import datetime

import requests
from qiskit import QuantumCircuit, transpile
from qiskit_ibm_runtime import SamplerV2, Session

from server import find_service

# From 0.50 on the client announces that this name will move to its own module; both work with this server.
warnings.filterwarnings("ignore", message="The SamplerV2 class is deprecated")

BACKEND = "stint_line_5"
SHOTS = 1000


def find_backend(service):
    backends = {backend.name: backend for backend in service.backends()}
    if BACKEND not in backends:
        there = ", ".join(sorted(backends)) or "none"
        sys.exit(f"There is no backend {BACKEND} here, there are: {there}. Copy it from stint.example.yaml.")
    return backends[BACKEND]


def read_session(session_id):
    """The session as the REST API tells it; older clients leave the timeline out of `details()`."""
    url = f"{os.environ['QISKIT_IBM_URL']}/sessions/{session_id}"
    answer = requests.get(url, headers={"Authorization": f"Bearer {os.environ['QISKIT_IBM_TOKEN']}"})
    answer.raise_for_status()
    return answer.json()


def show_counts(counts):
    for outcome, count in sorted(counts.items()):
        print(f"  {outcome}  {'█' * round(40 * count / SHOTS):<24}{count:>5}")


def show_timeline(session):
    opened = datetime.fromisoformat(session["timestamps"][0]["timestamp"])
    for entry in session["timestamps"]:
        moment = datetime.fromisoformat(entry["timestamp"])
        clock = moment.isoformat(timespec="milliseconds")[11:23]
        print(f"  {clock}  {(moment - opened).total_seconds():>8.3f} s  {entry['status']}")


def main():
    backend = find_backend(find_service())

    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    bell.measure_all()
    circuit = transpile(bell, backend)  # into the gates and wires that this device has

    with Session(backend) as session:
        print(f"Session {session.session_id} on {backend.name}: {session.status()}")
        job = SamplerV2(mode=session).run([circuit], shots=SHOTS)
        print(f"Job {job.job_id()}: {job.status()}")
        counts = job.result()[0].data.meas.get_counts()
    # Leaving the block closed the session: no new jobs, and the backend is free for the next one.

    print(f"\nCounts of {SHOTS} shots")
    show_counts(counts)

    seen = read_session(session.session_id)
    print("\nTimeline (UTC)")
    show_timeline(seen)
    if seen.get("state_reason"):
        print(f"  {seen['state_reason']}")

    print("\nUsage")
    print(f"  job      {job.usage():.3f} s")
    print(f"  session  {session.usage():.3f} s: the time {backend.name} was kept for it")

    if set(counts) != {"00", "11"} or sum(counts.values()) != SHOTS:
        sys.exit(f"\nWrong: a Bell pair gives 00 and 11 only, {SHOTS} together.")
    if seen["state"] != "closed":
        sys.exit(f"\nWrong: the session is {seen['state']} and should be closed.")


if __name__ == "__main__":
    main()
