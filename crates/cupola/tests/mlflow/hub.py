"""What all of these tests share: a hub at MLFLOW_TRACKING_URI and names that nobody else has."""

import itertools
import os
import unittest
import warnings

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

_numbers = itertools.count(1)


class HubTest(unittest.TestCase):
    def setUp(self) -> None:
        warnings.simplefilter("ignore")
        mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
        self.client = MlflowClient()
        self.addCleanup(self._end_runs)

    @staticmethod
    def _end_runs() -> None:
        while mlflow.active_run():
            mlflow.end_run()

    def name(self) -> str:
        return f"{self.id().rsplit('.', 1)[-1]} {next(_numbers)}"

    def experiment(self) -> str:
        return self.client.create_experiment(self.name())

    def run_in(self, experiment: str) -> str:
        return self.client.create_run(experiment).info.run_id

    def refused(self, code: str, call, *args, **kwargs) -> MlflowException:
        with self.assertRaises(MlflowException) as caught:
            call(*args, **kwargs)
        self.assertEqual(caught.exception.error_code, code, caught.exception)
        return caught.exception
