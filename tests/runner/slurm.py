"""A Slurm cluster of one node in a folder: Debian's munged, slurmctld and slurmd, on ports of its own."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import time

NEEDED = ("munged", "slurmctld", "slurmd", "srun")
SBIN = "/usr/sbin:/sbin:/usr/bin:/bin"


def is_here():
    return os.geteuid() == 0 and all(shutil.which(name, path=SBIN) for name in NEEDED)


def free_ports(count):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Slurm:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.config = self.folder / "slurm.conf"
        self.processes = {}

    def __enter__(self):
        host = socket.gethostname().split(".")[0]
        control, node = free_ports(2)
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        self.config.write_text(f"""ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={self.folder}/munge.sock
SlurmctldPort={control}
SlurmdPort={node}
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
""")
        state = [f"--{name}={self.folder}/munge.{name.split('-')[0]}" for name in ("socket", "pid-file", "log-file", "seed-file")]
        self.start("munged", "--foreground", "--force", f"--key-file={key}", *(word.replace("munge.socket", "munge.sock") for word in state))
        self.wait(lambda: (self.folder / "munge.sock").exists(), "munged")
        self.start("slurmctld", "-D")
        self.start("slurmd", "-D")
        self.wait(lambda: "idle" in self.run("sinfo", "-h", "-o", "%t"), "a node that is idle")
        return self

    def start(self, name, *arguments):
        log = open(self.folder / f"{name}.log", "ab")
        self.processes[name] = subprocess.Popen([shutil.which(name, path=SBIN), *arguments], stdout=log, stderr=log, env=self.environment())

    def environment(self):
        return {"PATH": SBIN, "SLURM_CONF": str(self.config), "HOME": str(self.folder)}

    def run(self, *command):
        return subprocess.run(command, capture_output=True, text=True, timeout=30, env=self.environment()).stdout

    def running(self):
        return self.run("squeue", "-h", "-t", "running", "-o", "%i").split()

    def wait(self, true, what, seconds=60):
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, f"no {what}; see the logs in {self.folder}"
            time.sleep(0.05)

    def kill(self, name):
        self.processes[name].kill()
        self.processes.pop(name).wait()

    def __exit__(self, *_):
        for name in list(self.processes):
            self.processes[name].terminate()
            try:
                self.processes[name].wait(10)
            except subprocess.TimeoutExpired:
                self.processes[name].kill()
