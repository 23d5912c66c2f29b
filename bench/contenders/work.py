"""Shared by the contenders in Python: reading the job and writing the result."""

import json
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path

BEGAN = time.perf_counter()


class Work:
    """The job, and the phases of the work on it."""

    def __init__(self):
        self.job = json.loads(Path(sys.argv[-1]).read_text())
        self.input = self.job["input"]
        self.format = self.job["format"]
        self.spec = self.job["spec"]
        self.columns = self.spec["columns"]
        self.partitions = self.spec["partitions"]
        self.key = self.spec["primaryKey"]
        self.gold = self.spec["gold"]
        self.phases = []
        self._last = (time.perf_counter(), cpu_ms())

    def path(self, name):
        return str(Path(self.job["folder"]) / name)

    def done(self, name):
        """Ends a phase and records its time since the previous phase ended."""
        now = (time.perf_counter(), cpu_ms())
        wall, cpu = self._last
        self.phases.append({"name": name, "wallMs": (now[0] - wall) * 1000, "cpuMs": now[1] - cpu})
        self._last = (time.perf_counter(), cpu_ms())

    def finish(self, read, rejected, duplicates, silver, packages):
        result = {
            "rows": {"read": read, "rejected": rejected, "duplicates": duplicates, "silver": silver},
            "inProcessMs": (time.perf_counter() - BEGAN) * 1000,
            "phases": self.phases,
            "versions": {"python": sys.version.split()[0]} | {name: version(name) for name in packages},
        }
        Path(self.path("result.json")).write_text(json.dumps(result))


def cpu_ms():
    """User and system time of this process and of the children that it has waited for, in ms."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return (own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime) * 1000
