"""A separate service that a test may kill."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class OwnService:
    """Livy on its own port at `url`. Data and configuration are in `folder`."""

    def __init__(self, folder: Path):
        self.folder, self.port, self.livy = folder, free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.livy}"
        options = {"master": "local[1]", "conf": {"spark.driver.memory": "1g"}}
        settings = {
            "livy": {"port": self.livy, "anonymous": {"user": "ann", "instance": "restart"}},
            "backends": [{"name": "spark", "driver": "spark", "slots": 3, "options": options}],
            "log_level": "warn",
        }
        (folder / "stint.yaml").write_text(json.dumps(settings))
        self.process = None

    def start(self):
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("STINT_")},
            "STINT_CONFIG": str(self.folder / "stint.yaml"),
            "STINT_DATA": str(self.folder / "data"),
            "STINT_PORT": str(self.port),
            "STINT_ADMIN_TOKEN": "restart-test-admin-token-0123456789",
            "STINT_SPARK_PYTHON": str(ROOT / ".venv-spark/bin/python"),
        }
        program = ["node", str(ROOT / "dist/main.js")]
        self.process = subprocess.Popen(program, env=env, cwd=ROOT, stdout=sys.stderr, stderr=sys.stderr)
        deadline = time.monotonic() + 60
        while True:
            try:
                return requests.get(f"{self.url}/version", timeout=2).raise_for_status()
            except requests.RequestException:
                assert time.monotonic() < deadline and self.process.poll() is None
                time.sleep(0.05)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
