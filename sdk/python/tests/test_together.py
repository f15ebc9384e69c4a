"""Many writers at once, and nobody who listens."""

from __future__ import annotations

import unittest

from .program import run_inside, run_outside


class Together(unittest.TestCase):
    def test_threads_do_not_cut_each_others_lines(self) -> None:
        code = (
            "import threading\n"
            "def say(name):\n"
            "    for n in range(50): cupola.result(f'{name}-{n}', 'x' * (n * 400))\n"
            "threads = [threading.Thread(target=say, args=(name,)) for name in range(8)]\n"
            "[t.start() for t in threads]; [t.join() for t in threads]"
        )
        ended = run_inside(code)
        keys = {event["key"]: len(event["value"]) for event in ended.events}
        expected = {f"{name}-{n}": n * 400 for name in range(8) for n in range(50)}
        self.assertEqual(keys, expected, ended.stderr)

    def test_children_do_not_cut_each_others_lines(self) -> None:
        # Lines longer than a pipe takes at once, from processes that share it.
        code = (
            "import os\n"
            "cupola.result('parent', 'x' * 200_000)\n"
            "children = []\n"
            "for name in range(4):\n"
            "    child = os.fork()\n"
            "    if child == 0:\n"
            "        for n in range(10): cupola.result(f'{name}-{n}', 'y' * 200_000)\n"
            "        os._exit(0)\n"
            "    children.append(child)\n"
            "for child in children: os.waitpid(child, 0)"
        )
        ended = run_inside(code)
        self.assertEqual(len({event["key"] for event in ended.events}), 41, ended.stderr)

    def test_a_fork_while_another_thread_writes_is_not_stuck(self) -> None:
        code = (
            "import os, threading\n"
            "going = True\n"
            "def flood():\n"
            "    while going: cupola.result('flood', 'x' * 100_000)\n"
            "thread = threading.Thread(target=flood); thread.start()\n"
            "for n in range(20):\n"
            "    child = os.fork()\n"
            "    if child == 0:\n"
            "        cupola.info('child'); os._exit(0)\n"
            "    os.waitpid(child, 0)\n"
            "going = False; thread.join()"
        )
        ended = run_inside(code)
        self.assertEqual(len(ended.of_type("log")), 20, ended.stderr)

    def test_a_signal_between_two_lines_waits_its_turn(self) -> None:
        code = (
            "import signal\n"
            "signal.signal(signal.SIGALRM, lambda *_: cupola.info('alarm'))\n"
            "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\n"
            "for n in range(60): cupola.result(f'r{n}', 'x' * 300_000)\n"
            "signal.setitimer(signal.ITIMER_REAL, 0)"
        )
        ended = run_inside(code)
        self.assertEqual(len(ended.of_type("result")), 60, ended.stderr)
        self.assertGreater(len(ended.of_type("log")), 0)

    def test_a_closed_descriptor_does_not_break_the_program(self) -> None:
        code = (
            "import os\n"
            "os.close(int(os.environ['CUPOLA_EVENTS_FD']))\n"
            "cupola.info('still', n=1); cupola.info('here')"
        )
        ended = run_inside(code)
        self.assertEqual((ended.code, ended.stdout, ended.events), (0, "still  n=1\nhere\n", []))

    def test_a_listener_that_left_does_not_break_the_program(self) -> None:
        code = (
            "import os\n"
            "from cupola._channel import Channel, channel\n"
            "reading, writing = os.pipe(); os.close(reading)\n"
            "gone = Channel(writing, None)\n"
            "print(gone.say({'type': 'log'}), gone.say({'type': 'log'}))"
        )
        self.assertEqual(run_outside(code).stdout, "False False\n")

    def test_something_else_at_the_number_is_left_alone(self) -> None:
        code = "import os\nos.environ.clear()\ncupola.info('shown')"
        ended = run_outside(code, CUPOLA_EVENTS_FD="0")
        self.assertEqual(ended.stdout, "shown\n")
        for number in ("77", "x", "", "-1"):
            self.assertEqual(run_outside(code, CUPOLA_EVENTS_FD=number).stdout, "shown\n")


class Outside(unittest.TestCase):
    def check(self, code: str, stdout: str, stderr: str = "", exit_code: int = 0) -> None:
        ended = run_outside(code)
        self.assertEqual((ended.stdout, ended.stderr, ended.code), (stdout, stderr, exit_code))

    def test_lines_are_readable(self) -> None:
        self.check("cupola.info('hello', lr=0.1, name='a')", "hello  lr=0.1  name=a\n")
        self.check("cupola.error('no')", "error: no\n")
        self.check("cupola.result('loss', {'a': 1})", 'result loss = {"a": 1}\n')
        self.check("cupola.metric('loss', 0.5, 3)", "step 3  loss 0.5\n")
        self.check("cupola.progress(3, 10, 'epoch')", "epoch 3/10 30%\n")
        self.check("cupola.fail('no data')", "", "failed: no data\n", 1)
        self.check("cupola.config({'a': 1}) == {'a': 1} or print('no')", "")
        self.check("print(cupola.cancelled())", "False\n")

    def test_progress_makes_no_noise_but_tells_its_end(self) -> None:
        code = "for n in cupola.track(range(100_000), message='steps'): pass"
        lines = run_outside(code).stdout.splitlines()
        self.assertEqual(lines[0], "steps 0/100000 0%")
        self.assertEqual(lines[-1], "steps 100000/100000 100%")
        self.assertLess(len(lines), 20)

    def test_an_exception_is_shown_as_ever(self) -> None:
        ended = run_outside("cupola.run(lambda: 1 / 0)")
        self.assertEqual((ended.code, ended.stdout), (1, ""))
        self.assertTrue(ended.stderr.endswith("ZeroDivisionError: division by zero\n"))

    def test_a_closed_stdout_does_not_break_the_program(self) -> None:
        code = "import sys\nsys.stdout.close()\ncupola.info('x')\nprint('went on', file=sys.stderr)"
        self.check(code, "", "went on\n")
