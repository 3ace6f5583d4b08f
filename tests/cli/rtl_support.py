"""What the tests of RTL from the outside share. Python's standard library only."""
import json
import pathlib
import subprocess
import time

from cli_support import ARGS, CliTestCase, hgq


class RtlTestCase(CliTestCase):
    def setUp(self):
        super().setUp()
        self.golden = pathlib.Path(ARGS.source) / 'tests/golden/models'
        self.proxy = self.golden / 'unary_fn/proxy_wrap.h5'

    def rtl(self, *options, out='rtl', check=0, proxy=None):
        return hgq('rtl', proxy or self.proxy, '--out', self.folder / out, *options, check=check)

    def report(self, out='rtl'):
        return json.loads((self.folder / out / 'report.json').read_text())

    def interrupted(self, delay, number, *command, **kwargs):
        """The exit code and the messages of a command that gets a signal after `delay` seconds."""
        process = subprocess.Popen([ARGS.program, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **kwargs)
        time.sleep(delay)
        process.send_signal(number)
        begin = time.monotonic()
        _, errors = process.communicate(timeout=60)
        self.assertLess(time.monotonic() - begin, 30)  # with sanitizers; it is milliseconds without
        return process.returncode, errors
