"""Values of a program as values of JSON."""

from __future__ import annotations

import math
import unittest
from pathlib import PurePosixPath
from typing import Any, List

from cupola._values import DEPTH_MAX, number, to_json


class Scalar:
    """What numpy and torch have: something that gives a plain value when asked."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def item(self) -> Any:
        return self.value


class Array(Scalar):
    def tolist(self) -> Any:
        return self.value


class LongDouble:
    def item(self) -> LongDouble:
        return self

    def __float__(self) -> float:
        return 0.25


def deep(levels: int) -> Any:
    value: List[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


class Values(unittest.TestCase):
    def check(self, value: Any, expected: Any) -> None:
        got = to_json(value, "x")
        self.assertEqual(got, expected)
        self.assertIs(type(got), type(expected))

    def check_refused(self, value: Any, message: str) -> None:
        with self.assertRaises(TypeError) as caught:
            to_json(value, "r")
        self.assertEqual(str(caught.exception), message)

    def test_plain_values_stay(self) -> None:
        value: Any
        for value in (None, True, 3, 0.5, "ü\u2028\x00", [], {}, [{"a": [1]}]):
            self.check(value, value)

    def test_what_json_lacks_becomes_a_word(self) -> None:
        self.check(math.nan, "NaN")
        self.check(math.inf, "Infinity")
        self.check([-math.inf], ["-Infinity"])

    def test_integers_that_would_lose_digits_become_text(self) -> None:
        self.check(2**63 - 1, 2**63 - 1)
        self.check(-(2**63), -(2**63))
        self.check(2**63, "9223372036854775808")
        self.check_refused(10**5000, self.too_many_digits(10**5000))

    def too_many_digits(self, value: int) -> str:
        try:
            str(value)
        except ValueError as error:
            return f"`r` is an integer with too many digits: {error}"
        raise unittest.SkipTest("this Python writes integers of any length")

    def test_scalars_and_arrays_are_asked(self) -> None:
        self.check(Scalar(0.5), 0.5)
        self.check(Scalar(math.nan), "NaN")
        self.check({"a": Array([1, [2.0]])}, {"a": [1, [2.0]]})
        self.check(LongDouble(), 0.25)
        self.assertEqual(number(Array(3), "loss"), 3)

    def test_keys_become_texts_as_json_has_them(self) -> None:
        self.check({1: "a"}, {"1": "a"})
        self.check({None: 1, 0.5: 2, False: 3}, {"null": 1, "0.5": 2, "false": 3})

    def test_texts_that_utf_8_lacks_are_mended(self) -> None:
        self.check("a\ud800b", "a\ufffdb")
        self.check("\ud83d\ude00", "\U0001f600")
        self.check(PurePosixPath("a/b"), "a/b")

    def test_the_place_of_what_cannot_be_said_is_named(self) -> None:
        self.check_refused({1}, "`r` is a set, which JSON does not have")
        self.check_refused(
            {"layers": [0, {"w": 1j}]}, "`r.layers[1].w` is a complex, which JSON does not have"
        )
        self.check_refused({"a": {(1,): 2}}, "`r.a` has a key that is a tuple; say a text")
        self.check_refused(object(), "`r` is an object, which JSON does not have")
        self.check_refused(Scalar, "`r` is a type, which JSON does not have")

    def test_depth_is_bounded(self) -> None:
        to_json(deep(DEPTH_MAX), "r")
        with self.assertRaises(TypeError) as caught:
            to_json(deep(DEPTH_MAX + 1), "r")
        self.assertIn("is nested deeper than 120 levels", str(caught.exception))
        loop: List[Any] = []
        loop.append(loop)
        with self.assertRaises(TypeError):
            to_json(loop, "r")

    def test_a_metric_is_a_number(self) -> None:
        value: Any
        for value in ("low", None, [1], {}):
            with self.assertRaises(TypeError):
                number(value, "loss")
        self.assertEqual(number(-math.inf, "loss"), "-Infinity")
        self.assertEqual(number("NaN", "loss"), "NaN")
