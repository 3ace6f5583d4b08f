#!/usr/bin/env python3
"""hgq-train from the outside: usage, messages, exit codes, data on the command line.

    cli_test.py --program build/bin/hgq-train --source . [-k NAME]
"""
import fcntl
import json
import os
import pathlib
import platform
import pty
import re
import shutil
import struct
import subprocess
import termios

from cli_support import ARGS, CliTestCase, digest, hgq, main, write_npy

REGRESSION = '''
data: {inputs: {file: x.npy}, targets: {file: y.npy}}
model: {layers: [{HQuantize: {paq_conf: {init_bw: 8}}}, {HDense: {units: 1, name: out}}]}
train: {loss: mse, epochs: 2}
'''

TABLE = '''
data: {file: h.csv, inputs: "0:2", targets: "2", csv: {header: true}}
model: {layers: [HQuantize, {HDense: {units: 2, name: out}}]}
train: {loss: sparse_categorical_crossentropy, epochs: 1}
'''


class CliTest(CliTestCase):
    def progress_on_a_terminal(self, columns, environment, resized=None, epochs=200):
        """What a run writes to a terminal of so many columns, cut where the line is begun anew."""
        config = self.folder / 'small.yaml'
        (self.folder / 'rows.csv').write_text('x0,x1,y\n' + ''.join(f'{i % 7}.5,{i % 5}.25,{i % 3}.5\n' for i in range(64)))
        config.write_text('data: {file: rows.csv, inputs: [x0, x1], targets: y, validation: 0.25}\nmodel: {layers: [HQuantize, HDense: {units: 1}]}\n'
                          'train: {loss: mse, metrics: [mae], batch_size: 16, epochs: EPOCHS}\ncallbacks: [ResetMinMax, FreeBOPs]\n'.replace('EPOCHS', str(epochs)))
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('4H', 24, columns, 0, 0))
        process = subprocess.Popen([ARGS.program, str(config), '--out', str(self.folder / f'tty{columns}{resized}{len(environment)}')],
                                   stdout=subprocess.DEVNULL, stderr=slave, env={**{k: v for k, v in os.environ.items() if k != 'COLUMNS'}, **environment})
        os.close(slave)
        text = b''
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            text += part
            if resized and b'epoch' in text:
                fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('4H', 24, resized, 0, 0))
        os.close(master)
        self.assertEqual(process.wait(), 0, text)
        lines = [line for line in text.decode().split('\r\x1b[K')[1:]]
        self.assertGreater(len(lines), 0)
        # What follows the last line of progress are messages, on lines of their own.
        lines[-1], _, rest = lines[-1].partition('\r\n')
        self.assertNotIn('epoch', rest)
        return lines

    def test_inputs_are_never_taken_for_targets(self):
        x, y = self.folder / 'x.npy', self.folder / 'y.npy'
        write_npy(x, [[i / 8 - 1] for i in range(16)])
        write_npy(y, [[5.0] for _ in range(16)])
        model = self.trained(REGRESSION)
        loss = {}
        for name, arguments in {'data': ('--data', x, '--targets', y), 'inputs': ('--inputs', x, '--targets', y),
                                'layer': ('--data', x, '--targets', f'out={y}')}.items():
            result = hgq('eval', model, *arguments, '--json', check=0)
            loss[name] = json.loads(result.stdout)['loss']
            self.assertIn(f'16 rows: inputs from {x}; targets from {y}', result.stderr)
        self.assertEqual(len(set(loss.values())), 1)
        # A loss and metrics with keys; a Huber of large delta is half the mean squared error.
        told = json.loads(hgq('eval', model, '--data', x, '--targets', y, '--json', '--loss', '{Huber: {delta: 1000}}', '--metrics',
                              'mae,{mse: {}}', check=0).stdout)
        self.assertAlmostEqual(told['loss'], told['mse'] / 2, 4)
        self.assertIn("--loss:1:17: Huber.delta", hgq('eval', model, '--data', x, '--targets', y, '--loss', '{Huber: {delta: -1}}', check=2).stderr)
        self.assertGreater(loss['data'], 10)
        refused = hgq('eval', model, '--data', x, check=2).stderr
        self.assertIn('is taken for the inputs; in training the targets came from another file', refused)
        self.assertIn('give --targets FILE', refused)
        self.assertIn('there is no file of this name', hgq('eval', model, '--inputs', self.folder / 'no.npy', check=2).stderr)
        self.assertIn('there is no file of this name, and', hgq('eval', model, '--data', x, '--targets', 'no.npy', check=2).stderr)
        # The same of two tables of columns by number, and a table of its own for the targets.
        (self.folder / 'x.csv').write_text('a,b\n1,2\n3,4\n')
        (self.folder / 'y.csv').write_text('y\n5\n5\n')
        model = self.trained('data: {inputs: {file: x.csv, name: "0:2"}, targets: {file: y.csv, name: "0"}}\n'
                             'model: {layers: [HQuantize, {HDense: {units: 1}}]}\ntrain: {loss: mse}\n', 'tables')
        self.assertIn('give --targets FILE', hgq('eval', model, '--data', self.folder / 'x.csv', check=2).stderr)
        result = hgq('eval', model, '--data', self.folder / 'x.csv', '--targets', f'{self.folder / "y.csv"}:y', check=0)
        self.assertIn("y.csv, column 'y'", result.stderr)
        table = self.folder / 'x.csv'
        hgq('predict', model, '--data', table, '--inputs', 'a,b', '--out', self.folder / 'p.h5', check=0)
        # Nor does a command write over what it reads.
        before = digest(table), digest(model)
        for args in (('predict', model, '--data', table, '--inputs', 'a,b', '--out', table), ('trace', model, '--inputs', f'{table}:a,b', '--out', table),
                     ('predict', model, '--data', table, '--inputs', 'a,b', '--out', model)):
            self.assertIn('would be overwritten', hgq(*args, check=2).stderr)
        self.assertEqual(before, (digest(table), digest(model)))

    def test_a_model_keeps_how_csv_files_are_written(self):
        table = self.folder / 'h.csv'
        table.write_text('0,1,2\n' + ''.join(f'{i / 8},{i % 3},{i % 2}\n' for i in range(39)))
        model = self.trained(TABLE)
        result = hgq('eval', model, '--data', table, check=0)
        self.assertIn('39 rows of 3 columns, header (0, 1, 2), separator', result.stderr)
        self.assertIn('39 rows', hgq('predict', model, '--data', table, '--out', self.folder / 'y.h5', check=0).stderr)
        self.assertIn('39 rows', hgq('trace', model, '--data', table, check=0).stderr)
        self.assertIn('39 rows', hgq('predict', model.with_name('proxy.h5'), '--data', table, '--out', self.folder / 'p.h5', check=0).stderr)
        self.assertIn('39 rows', hgq('verify', model.with_name('proxy.h5'), '--against', model, '--data', table, check=0).stderr)
        # What the command says goes before what the model brings.
        other = self.folder / 'o.csv'
        other.write_text('1;1;1\n0;?;1\n0.5;2;0\n')
        given = 'header: false, separator: ";", missing: drop'
        result = hgq('eval', model, '--data', other, '--csv', given, check=0)
        self.assertIn("2 rows of 3 columns, no header, separator ';'; 1 of 3 rows left out", result.stderr)
        self.assertIn("unknown key 'headr'", hgq('eval', model, '--data', other, '--csv', 'headr: true', check=2).stderr)

    def test_labels_of_64_bits_are_told_apart(self):
        codes = [9007199254740992, 9007199254740993, 1000020040, 18446744073709551615]
        (self.folder / 'd.csv').write_text('a,b,pdg\n' + ''.join(f'{i % 5},{i % 3},{codes[i % 4]}\n' for i in range(40)))
        config = self.folder / 'c.yaml'
        config.write_text('data: {file: d.csv, inputs: [a, b], targets: pdg}\n'
                          'model: {layers: [HQuantize, {HDense: {units: 4}}]}\n'
                          'train: {loss: sparse_categorical_crossentropy, metrics: [accuracy]}\n')
        result = hgq(config, '--out', self.folder / 'run', '--quiet', check=0)
        self.assertIn('classes: 1000020040 -> 0, 9007199254740992 -> 1, 9007199254740993 -> 2, 18446744073709551615 -> 3',
                      result.stderr)
        hgq('eval', self.folder / 'run/model.h5', '--data', self.folder / 'd.csv', check=0)

    def test_check_lists_all_errors_with_places(self):
        bad = self.folder / 'bad.yaml'
        text = self.config.read_text().replace('HQuantize', 'HQantize').replace('epochs: 120', 'epochs: -1').replace('ResetMinMax', 'ResetMinmax')
        bad.write_text(text.replace('../../data', str(pathlib.Path(ARGS.source).resolve() / 'data')))
        out = hgq('check', bad, check=2).stdout
        for words in ("did you mean 'HQuantize'", 'epochs', "did you mean 'ResetMinMax'"):
            self.assertIn(words, out)
        self.assertTrue(all(line.startswith(str(bad)) for line in out.splitlines() if line), out)
        self.assertEqual(hgq('check', self.config).returncode, 0)

    def test_every_config_is_without_errors(self):
        configs = sorted((pathlib.Path(ARGS.source) / 'apps/configs').glob('*.yaml'))
        self.assertGreaterEqual(len(configs), 8)
        for config in configs:
            result = hgq('check', config)
            if 'there is no such file' in result.stdout:  # data that are installed or made apart
                self.assertIn(config.stem, ('fashion_mnist', 'svhn_cnn', 'muon', 'jet_mixer'), result.stdout)
                self.assertEqual(len(result.stdout.splitlines()), 1, result.stdout)
            else:
                self.assertEqual(result.returncode, 0, result.stdout)

    def test_bad_usage_and_files_end_with_2_and_one_message(self):
        for args, words in (((), 'give a config'), (('nothing.yaml',), 'nothing.yaml'), (('frobnicate', 'x'), ''),
                            (('summary', self.data), ''), (('summary', self.config), ''), (('summary', self.folder), ''),
                            (('eval', self.data, '--data', self.data), ''), (('export', self.data, '--out', self.folder / 'p.h5'), '')):
            result = hgq(*args)
            self.assertEqual(result.returncode, 2, (args, result.stderr))
            self.assertIn(words, result.stderr)
            self.assertTrue(result.stderr.strip(), args)

    def test_slips_on_the_command_line_are_helped(self):
        for args, words in (
                (('chekc', self.config), "there is no command or file 'chekc', did you mean the command 'check'?"),
                (('train', self.config), f"there is no command 'train'; a config alone starts a training run: hgq-train {self.config}"),
                ((self.config, 'check'), f'the command must come first: hgq-train check {self.config}'),
                ((str(self.config)[:-1],), f"there is no such file, did you mean '{self.config}'?"),
                ((self.config.parent / 'zzz.yaml',), 'there are: '),
                ((self.folder / 'none/x.yaml',), 'there is no folder'),
                ((self.data,), 'is an HDF5 file (a model, or data), expected a config (YAML)'),
                ((self.folder,), 'is a folder, expected a config (YAML)'),
                ((self.config, '--epochs', 3), "a training run has no option '--epochs'; it is a key of the config: --set train.epochs=..."),
                ((self.config, '--thread', 3), "did you mean '--threads'?"),
                ((self.config, '--threads', '0x10'), "--threads: found '0x10', expected an integer in [1, 4096]"),
                ((self.config, '--checkpoint-seconds', 'soon'), "--checkpoint-seconds: found 'soon', expected a number of at least 0"),
                ((self.config, '--out'), '--out needs a value, FOLDER'),
                (('export', 'm.h5', '--out', 'p.h5', '--overflow', 'wrp'), "--overflow: found 'wrp', expected one of wrap, sat, did you mean 'wrap'?"),
                ((self.config, '--set', 'train.epochs', 3), 'did you mean --set train.epochs=3?'),
                (('summary', str(self.data)[:-3] + 'x.h5'), f"there is no such file, did you mean '{self.data}'?"),
                (('predict', 'm.h5'), "'predict' needs --out, file to write"),
                (('summary', 'm.h5', '--cover-factor', 1), "'summary' has no option '--cover-factor'")):
            result = hgq(*args, check=2)
            self.assertIn(words, result.stderr, args)
            self.assertTrue(result.stderr.startswith('hgq-train: error: '), result.stderr)
            self.assertEqual(result.stdout, '')

    def test_version_help_completion_and_manual(self):
        version = hgq('--version', check=0).stdout
        for words in ('hgq 0.', 'HDF5 1.', 'zlib 1.', 'yaml-cpp 0.', 'fmt ', 'CLI11 2', 'nlohmann-json 3', 'muparser 2', 'built by ', 'x86-64' if 'x86' in platform.machine() else ''):
            self.assertIn(words, version)
        manual = hgq('manual', check=0).stdout
        for page in (hgq('--help', check=0).stdout, manual):
            self.assertIn('130', page)
        scripts = {shell: hgq('completion', shell, check=0).stdout for shell in ('bash', 'zsh', 'fish')}
        commands = re.findall(r'^  ([a-z]+)  ', hgq('--help', check=0).stdout.split('Subcommands:')[1], re.MULTILINE)
        self.assertIn('verify', commands)
        for command in commands:  # each option of each command is in all of them
            for option in re.findall(r'--([a-z][a-z-]+)', ''.join(line[:28] for line in hgq(command, '--help', check=0).stdout.splitlines())):
                for shell, script in scripts.items():
                    self.assertIn(option, script, (shell, command))
                self.assertIn(option.replace('-', '\\-'), manual, command)
        for shell, script in scripts.items():
            if shutil.which(shell):
                subprocess.run([shell, '-n'], input=script, text=True, check=True)
        for line, expected in (('hgq-train ver', 'verify'), ('hgq-train export m.h5 --overflow ', 'wrap sat'), ('hgq-train check --', '--set'),
                               ('hgq-train completion z', 'zsh'), (f'hgq-train {self.config.parent}/dem', str(self.config)),
                               (f'hgq-train show {self.config.parent.parent}/conf', str(self.config.parent))):
            words = ' '.join(f"'{word}'" for word in line.split(' '))
            asked = f'{scripts["bash"]}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _hgq_train; echo "${{COMPREPLY[*]}}"'
            reply = subprocess.run(['bash', '-c', asked], capture_output=True, text=True, check=True).stdout
            self.assertIn(expected, reply, line)

    def test_progress_fits_the_terminal(self):
        wide = self.progress_on_a_terminal(200, {})
        self.assertRegex(wide[-1], r'^\[#+\] epoch 200/200  loss \S+  val_mae \S+  bops \S+  \S+ left  .*samples/s$')
        for columns, environment, most in ((60, {}, 59), (20, {}, 19), (0, {'COLUMNS': '40'}, 39), (100, {'COLUMNS': '30'}, 29), (0, {}, 79), (3, {}, 2)):
            lines = self.progress_on_a_terminal(columns, environment)
            self.assertLessEqual(max(map(len, lines)), most, lines)
            if most > 15:
                self.assertTrue(all(line.split(' ', 1)[-1].startswith('epoch') or line.startswith('epoch') for line in lines), lines)
        resized = self.progress_on_a_terminal(120, {}, resized=50, epochs=20000)
        self.assertLessEqual(len(resized[-1]), 49, resized)

    def test_a_file_that_was_cut_off_is_refused(self):
        self.train('run', epochs=1)
        content = (self.folder / 'run/model.h5').read_bytes()
        path = self.folder / 'cut.h5'
        for share in (0, 0.01, 0.5, 0.99):
            path.write_bytes(content[:int(share * len(content))])
            result = hgq('summary', path, check=2)
            self.assertIn('cut.h5', result.stderr)

    def test_the_reference_of_the_config_is_up_to_date(self):
        page = hgq('reference', check=0).stdout
        self.assertEqual(page, (pathlib.Path(ARGS.source) / 'docs/config.md').read_text(), 'write it anew: hgq-train reference > docs/config.md')
        for words in ('HDenseBatchNorm', 'CosineDecayRestarts', 'ParetoFront', '`kq_conf`', 'sparse_categorical_crossentropy'):
            self.assertIn(words, page)


if __name__ == '__main__':
    main()
