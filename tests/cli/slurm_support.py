"""A Slurm of one machine for tests: munge, a controller and a node daemon, in a folder of their own. Needs the packages slurm-wlm and
munge (scripts/setup.sh --slurm) and root."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

PROGRAMS = ('munged', 'slurmctld', 'slurmd', 'sbatch')
CONF = '''ClusterName=hgq
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
SlurmUser=root
SlurmctldPort={port}
SlurmctldPidFile={folder}/slurmctld.pid
StateSaveLocation={folder}/state
SlurmctldLogFile={folder}/slurmctld.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
JobRequeue=1
MinJobAge=300
SlurmdParameters=config_overrides
{nodes}
PartitionName=short Nodes={names} Default=YES MaxTime=INFINITE State=UP
'''


def why_not():
    """Why there is no Slurm here; empty if there is."""
    path = os.environ['PATH'] + ':/usr/sbin:/sbin'
    missing = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    if missing:
        return f'{", ".join(missing)} not installed (scripts/setup.sh --slurm)'
    return '' if os.geteuid() == 0 else 'needs root'


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(('127.0.0.1', 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Slurm:
    """`with Slurm(folder) as slurm: subprocess.run([...], env=slurm.env)`; two nodes with two processors each."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.daemons = []
        self.env = {**os.environ, 'SLURM_CONF': str(self.folder / 'slurm.conf'), 'PATH': os.environ['PATH'] + ':/usr/sbin:/sbin'}

    def start(self, name, *command):
        log = open(self.folder / f'{name}.out', 'w')
        self.daemons.append(subprocess.Popen(command, stdout=log, stderr=log, env=self.env, start_new_session=True))
        log.close()

    def __enter__(self):
        try:
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def begin(self):
        for part in ('munge', 'state', 'n1', 'n2'):
            (self.folder / part).mkdir(parents=True)
        munge = self.folder / 'munge'
        os.chmod(munge, 0o755)
        key = munge / 'key'
        key.write_bytes(os.urandom(128))
        os.chmod(key, 0o400)
        socket_path = munge / 'socket'
        self.start('munged', 'munged', '--foreground', '--force', f'--key-file={key}', f'--socket={socket_path}', f'--pid-file={munge}/pid',
                   f'--log-file={munge}/log', f'--seed-file={munge}/seed')
        self.wait_for(socket_path.exists, 'munged')
        host = socket.gethostname().split('.')[0]
        port, *node_ports = free_ports(3)
        nodes = '\n'.join(f'NodeName=n{i} NodeHostname={host} NodeAddr=127.0.0.1 Port={node_ports[i - 1]} CPUs=2 State=UNKNOWN' for i in (1, 2))
        nodes += '\n' + '\n'.join(f'SlurmdSpoolDir={self.folder}/%n\nSlurmdPidFile={self.folder}/%n.pid\nSlurmdLogFile={self.folder}/%n.log'.split('\n'))
        (self.folder / 'slurm.conf').write_text(CONF.format(host=host, folder=self.folder, port=port, nodes=nodes, names='n1,n2'))
        self.start('slurmctld', 'slurmctld', '-D')
        for node in ('n1', 'n2'):
            self.start(node, 'slurmd', '-D', '-N', node)
        self.wait_for(lambda: self.run('sinfo', '-h', '-o', '%T').stdout.split() == ['idle'], 'nodes')

    def run(self, *command):
        return subprocess.run(command, capture_output=True, text=True, env=self.env, timeout=60)

    def wait_for(self, condition, what, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                logs = ''.join(f'--- {log.name}\n{log.read_text()[-2000:]}\n' for log in self.folder.glob('*.*') if log.suffix in ('.out', '.log'))
                raise AssertionError(f'{what}: not after {seconds} s\n{logs}')
            time.sleep(0.2)

    def jobs(self):
        return self.run('squeue', '-h').stdout

    def __exit__(self, *_):
        self.run('scancel', '--user=root')
        for daemon in reversed(self.daemons):
            daemon.send_signal(signal.SIGTERM)
        for daemon in self.daemons:
            try:
                daemon.wait(timeout=10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
