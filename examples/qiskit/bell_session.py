"""Runs a Bell pair in a session: opens it, runs a job, and prints the timeline and the usage.

    python bell_session.py

Environment variables name the server and the user, see README.md in this folder. The exit code is 0 only if the answers were
right: a Bell pair gives 00 and 11 and nothing else, and the session is closed at the end.
"""

import os
import sys
import warnings
from datetime import datetime

import requests
from qiskit import QuantumCircuit, transpile
from qiskit_ibm_runtime import SamplerV2, Session

from server import find_service

# From version 0.50 on the client warns that this name will move to another module. Both names work with this server.
warnings.filterwarnings("ignore", message="The SamplerV2 class is deprecated")

BACKEND = "stint_line_5"
SHOTS = 1000


def find_backend(service):
    backends = {backend.name: backend for backend in service.backends()}
    if BACKEND not in backends:
        known = ", ".join(sorted(backends)) or "none"
        sys.exit(f"There is no backend {BACKEND}. There are: {known}. Copy it from stint.example.yaml.")
    return backends[BACKEND]


def read_session(session_id):
    """Reads the session from the REST API, because older clients leave the timeline out of `details()`."""
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
    circuit = transpile(bell, backend)  # to the gates and connections of this device

    with Session(backend) as session:
        print(f"Session {session.session_id} on {backend.name}: {session.status()}")
        job = SamplerV2(mode=session).run([circuit], shots=SHOTS)
        print(f"Job {job.job_id()}: {job.status()}")
        counts = job.result()[0].data.meas.get_counts()
    # Leaving the block has closed the session: it accepts no new jobs, and the backend is free for the next session.

    print(f"\nCounts of {SHOTS} shots")
    show_counts(counts)

    seen = read_session(session.session_id)
    print("\nTimeline (UTC)")
    show_timeline(seen)
    if seen.get("state_reason"):
        print(f"  {seen['state_reason']}")

    print("\nUsage")
    print(f"  job      {job.usage():.3f} s")
    print(f"  session  {session.usage():.3f} s: the time for which {backend.name} was held for it")

    if set(counts) != {"00", "11"} or sum(counts.values()) != SHOTS:
        sys.exit(f"\nWrong: a Bell pair gives 00 and 11 only, {SHOTS} together.")
    if seen["state"] != "closed":
        sys.exit(f"\nWrong: the session is {seen['state']} and should be closed.")


if __name__ == "__main__":
    main()
