"""What a program says reaches Cupola line by line."""

from __future__ import annotations

import unittest
from typing import Any, Dict, List

from .program import Ended, run_inside


class Events(unittest.TestCase):
    def check(self, code: str, *expected: Dict[str, Any]) -> Ended:
        ended = run_inside(code)
        said: List[Dict[str, Any]] = []
        for event in ended.events:
            self.assertGreater(event.pop("time", 1), 0)
            said.append(event)
        self.assertEqual(said, list(expected), ended.stderr)
        self.assertEqual((ended.code, ended.stdout), (0, ""), ended.stderr)
        return ended

    def test_a_line_of_the_log_has_a_level_and_fields(self) -> None:
        self.check(
            "cupola.info('hello', step=3, message='field')",
            {
                "type": "log",
                "level": "info",
                "message": "hello",
                "fields": {"step": 3, "message": "field"},
            },
        )
        self.check("cupola.warn(ValueError('x'))", {"type": "log", "level": "warn", "message": "x"})
        self.check(
            "cupola.log('CRITICAL', 'a\\nb')", {"type": "log", "level": "error", "message": "a\nb"}
        )

    def test_a_batch_is_one_line(self) -> None:
        code = (
            "cupola.log_batch([{'message': 'a', 'time': 5}, "
            "{'level': 'debug', 'message': 'b', 'time': 6, 'fields': {'x': [1]}}])"
        )
        entries = [
            {"level": "info", "message": "a", "time": 5},
            {"level": "debug", "message": "b", "time": 6, "fields": {"x": [1]}},
        ]
        self.check(code, {"type": "logs", "entries": entries})
        self.check("cupola.log_batch([])")

    def test_a_long_batch_is_several_lines(self) -> None:
        ended = run_inside("cupola.log_batch({'message': str(n)} for n in range(1200))")
        self.assertEqual([len(event["entries"]) for event in ended.events], [500, 500, 200])

    def test_metrics_have_a_step_and_a_time(self) -> None:
        self.check(
            "cupola.metric('loss', 0.5, 3)",
            {"type": "metrics", "step": 3, "values": {"loss": 0.5}},
        )
        self.check(
            "cupola.metrics({'a': 1, 'b': float('nan')}, step=4.0)",
            {"type": "metrics", "step": 4, "values": {"a": 1, "b": "NaN"}},
        )

    def test_progress_has_levels(self) -> None:
        progress = {"type": "progress", "total": 10, "message": "m", "level": 1}
        self.check("cupola.progress(3, 10, 'm', level=1)", {**progress, "current": 3})
        unknown = {"type": "progress", "total": None, "message": "", "level": 0}
        self.check("cupola.progress(2.5)", {**unknown, "current": 2.5})

    def test_nested_loops_are_nested_levels(self) -> None:
        code = (
            "for a in cupola.track('ab', message='outer'):\n"
            "    for b in cupola.track((x for x in range(3)), message='inner'): pass\n"
        )
        ended = run_inside(code)
        outer = [e for e in ended.events if e["level"] == 0]
        inner = [e for e in ended.events if e["level"] == 1]
        self.assertEqual(len(outer) + len(inner), len(ended.events))
        self.assertEqual([(e["message"], e["total"]) for e in outer[:1]], [("outer", 2)])
        self.assertEqual((outer[-1]["current"], outer[-1]["total"]), (2, 2))
        self.assertEqual([(e["message"], e["total"]) for e in inner[:1]], [("inner", None)])
        self.assertEqual(inner[-1]["current"], 3)

    def test_a_loop_that_is_left_early_gives_its_level_back(self) -> None:
        code = (
            "for a in cupola.track(range(9)):\n    break\n"
            "list(cupola.track(range(2), message='next'))"
        )
        ended = run_inside(code)
        self.assertEqual({event["level"] for event in ended.events}, {0})

    def test_a_fast_loop_does_not_flood(self) -> None:
        ended = run_inside("for n in cupola.track(range(300_000)): pass")
        self.assertEqual(ended.events[0]["current"], 0)
        self.assertEqual(ended.events[-1]["current"], 300_000)
        self.assertLess(len(ended.events), 2_000)

    def test_results_are_any_json(self) -> None:
        self.check(
            "cupola.result('r', {'a': [1, None, True, 'ü', float('inf')], 2: (3,)})",
            {
                "type": "result",
                "key": "r",
                "value": {"a": [1, None, True, "ü", "Infinity"], "2": [3]},
            },
        )

    def test_an_artifact_is_named_by_its_place_below_the_run(self) -> None:
        make = "import pathlib; pathlib.Path('out').mkdir(); f = pathlib.Path('out/m.bin'); f.touch()\n"
        artifact = {"type": "artifact", "path": "out/m.bin"}
        self.check(make + "cupola.artifact(f)", artifact)
        self.check(make + "cupola.artifact(f.resolve(), name='m')", {**artifact, "name": "m"})
        self.check(make + "cupola.artifact('out')", {"type": "artifact", "path": "out"})
        outside = {"type": "artifact", "path": "/", "name": "root"}
        self.check("cupola.artifact('/', 'root')", outside)

    def test_an_artifact_that_is_not_there_is_an_error(self) -> None:
        ended = run_inside("cupola.artifact('nowhere')")
        self.assertIn("there is no `nowhere`", ended.stderr)
        self.assertEqual(ended.events, [])

    def test_a_value_of_many_megabytes_is_one_line(self) -> None:
        ended = run_inside("cupola.result('big', 'x' * 5_000_000)")
        self.assertEqual([len(event["value"]) for event in ended.events], [5_000_000])


class Cancelling(unittest.TestCase):
    def test_asking_says_once_that_the_program_stops_by_itself(self) -> None:
        ended = run_inside("print(cupola.cancelled(), cupola.cancelled())")
        self.assertEqual(ended.stdout, "False False\n")
        self.assertEqual(ended.events, [{"type": "cancellable"}])

    def test_the_file_is_the_answer(self) -> None:
        ended = run_inside("print(cupola.cancelled())", is_cancelled=True)
        self.assertEqual(ended.stdout, "True\n")

    def test_a_cancelled_program_ends_well_and_is_not_stopped_by_its_own_net(self) -> None:
        code = (
            "def main():\n"
            "    try: cupola.raise_if_cancelled()\n"
            "    except Exception: print('caught')\n"
            "    print('went on')\n"
            "cupola.run(main)"
        )
        ended = run_inside(code, is_cancelled=True)
        self.assertEqual((ended.code, ended.stdout, ended.stderr), (0, "", ""))
        self.assertEqual(ended.of_type("failed"), [])


class Endings(unittest.TestCase):
    def test_an_exception_is_a_failure_with_its_trace(self) -> None:
        code = "def main():\n    raise ValueError('no\\ud800 data')\ncupola.run(main)"
        ended = run_inside(code)
        (event,) = ended.events
        self.assertEqual((event["type"], event["message"]), ("failed", "ValueError: no\ufffd data"))
        self.assertIn("Traceback (most recent call last):", event["trace"])
        self.assertIn("in main", event["trace"])
        self.assertEqual((ended.code, ended.stderr), (1, ""))

    def test_an_exception_that_cannot_be_shown_still_has_a_name(self) -> None:
        code = (
            "class Odd(Exception):\n    def __str__(self): raise RuntimeError\n"
            "with cupola.guard():\n    raise Odd()"
        )
        ended = run_inside(code)
        self.assertIn("Odd", ended.events[0]["message"])
        self.assertEqual(ended.code, 1)

    def test_a_reason_ends_the_program(self) -> None:
        ended = run_inside("cupola.fail('diverged')\nprint('went on')")
        self.assertEqual(ended.events, [{"type": "failed", "message": "diverged", "trace": ""}])
        self.assertEqual((ended.code, ended.stdout), (1, ""))

    def test_an_exit_passes_with_its_code(self) -> None:
        ended = run_inside("import sys\nwith cupola.guard():\n    sys.exit(3)")
        self.assertEqual((ended.code, ended.events), (3, []))
        ended = run_inside("import sys\nwith cupola.guard():\n    sys.exit('no data')")
        self.assertEqual((ended.code, ended.events[0]["message"]), (1, "no data"))

    def test_a_return_is_passed_on(self) -> None:
        ended = run_inside("print(cupola.run(lambda: 42))")
        self.assertEqual((ended.code, ended.stdout, ended.events), (0, "42\n", []))


class Configuration(unittest.TestCase):
    def test_the_file_stands_over_the_defaults(self) -> None:
        code = "print(cupola.config({'a': 1, 'b': 2}))"
        ended = run_inside(code, files={"config.json": '{"b": 3, "seed": 7}'})
        self.assertEqual(ended.stdout, "{'a': 1, 'b': 3, 'seed': 7}\n")

    def test_the_command_line_stands_over_the_variable(self) -> None:
        files = {"config.json": "{}", "other.json": '{"x": 1}'}
        for arguments in ("['p', '--config-file', 'other.json']", "['p', '--config-file=other.json']"):
            code = f"import sys; sys.argv = {arguments}; print(cupola.config())"
            self.assertEqual(run_inside(code, files=files).stdout, "{'x': 1}\n")

    def test_a_file_that_is_no_configuration_is_named(self) -> None:
        ended = run_inside("cupola.config()", files={"config.json": "[1]"})
        self.assertIn("config.json` is no configuration", ended.stderr)


class Logging(unittest.TestCase):
    SETUP = (
        "import logging\n"
        "logging.basicConfig(level=logging.DEBUG, handlers=[cupola.LogHandler()])\n"
        "log = logging.getLogger('train')\n"
    )

    def test_a_record_keeps_its_level_and_what_was_given_with_it(self) -> None:
        code = self.SETUP + "log.warning('slow %d', 3, extra={'ms': 7, 'odd': {1, 2}})"
        (event,) = run_inside(code).events
        self.assertEqual((event["level"], event["message"]), ("warn", "slow 3"))
        self.assertEqual(event["fields"], {"logger": "train", "ms": 7, "odd": "{1, 2}"})

    def test_an_exception_is_a_field(self) -> None:
        code = self.SETUP + "try: 1/0\nexcept ZeroDivisionError: log.exception('failed')"
        (event,) = run_inside(code).events
        self.assertEqual(event["level"], "error")
        self.assertIn("ZeroDivisionError: division by zero", event["fields"]["exception"])

    def test_every_level_of_the_library_has_one_of_ours(self) -> None:
        code = self.SETUP + "for n in (5, 10, 20, 25, 30, 40, 50): log.log(n, 'x')"
        levels = [event["level"] for event in run_inside(code).events]
        self.assertEqual(levels, ["debug", "info", "info", "warn", "error", "error"])

    def test_a_broken_record_does_not_break_the_program(self) -> None:
        ended = run_inside(self.SETUP + "log.info('%d', 'x')\nprint('went on')")
        self.assertEqual((ended.code, ended.stdout), (0, "went on\n"))
