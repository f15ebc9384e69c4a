"""MlflowClient: experiments, runs, searches, batches."""

import math
import time

from mlflow.entities import Metric, Param, RunTag, ViewType

from hub import HubTest


class Client(HubTest):
    def test_an_experiment_lives_dies_and_comes_back(self) -> None:
        name = self.name()
        experiment = self.client.create_experiment(name, tags={"a": "b"})
        found = self.client.get_experiment_by_name(name)
        self.assertEqual((found.experiment_id, found.tags["a"]), (experiment, "b"))
        self.assertTrue(found.artifact_location.startswith("mlflow-artifacts:/"))
        self.client.set_experiment_tag(experiment, "c", "d")
        self.client.rename_experiment(experiment, name + " two")
        self.assertEqual(self.client.get_experiment(experiment).name, name + " two")
        self.refused("RESOURCE_ALREADY_EXISTS", self.client.create_experiment, name + " two")
        self.client.delete_experiment(experiment)
        self.assertEqual(self.client.get_experiment(experiment).lifecycle_stage, "deleted")
        self.client.restore_experiment(experiment)
        self.assertEqual(self.client.get_experiment(experiment).lifecycle_stage, "active")
        self.assertIsNone(self.client.get_experiment_by_name(name))

    def test_experiments_are_searched(self) -> None:
        mark = self.name()
        for suffix in ["a", "b", "c"]:
            self.client.create_experiment(f"{mark} {suffix}", tags={"of": mark})
        found = self.client.search_experiments(
            filter_string=f"tags.of = '{mark}' AND name LIKE '%b'"
        )
        self.assertEqual([e.name for e in found], [f"{mark} b"])
        ordered = self.client.search_experiments(
            filter_string=f"name LIKE '{mark}%'", order_by=["name DESC"], max_results=2
        )
        self.assertEqual([e.name[-1] for e in ordered], ["c", "b"])
        rest = self.client.search_experiments(
            filter_string=f"name LIKE '{mark}%'", order_by=["name DESC"], max_results=2,
            page_token=ordered.token,
        )
        self.assertEqual(([e.name[-1] for e in rest], rest.token or None), (["a"], None))

    def test_runs_are_searched_by_all_that_they_have(self) -> None:
        experiment = self.experiment()
        for number, (lr, loss) in enumerate([(0.1, 0.5), (0.01, 0.25), (1.0, math.nan)]):
            run = self.run_in(experiment)
            self.client.log_param(run, "lr", lr)
            self.client.log_param(run, "net", "cnn" if number else "mlp")
            self.client.log_metric(run, "loss", loss)
            self.client.log_metric(run, "val/acc", number)
            self.client.set_tag(run, "mlflow.runName", f"n{number}")
            self.client.set_tag(run, "my tag", "x" * number)
            if number != 1:
                self.client.set_terminated(run, "FINISHED" if number else "FAILED")

        def names(filter_string: str, order_by=("attributes.run_name",)) -> str:
            found = self.client.search_runs([experiment], filter_string, order_by=list(order_by))
            return " ".join(run.info.run_name for run in found)

        for filter_string, expected in [
            ("", "n0 n1 n2"),
            ("metrics.loss < 0.3", "n1"),
            ("metrics.loss <= 0.5 AND params.lr = '0.1'", "n0"),
            ("metrics.`val/acc` > 0", "n1 n2"),
            ("params.net = 'cnn'", "n1 n2"),
            ("params.net != 'cnn'", "n0"),
            ("params.net LIKE 'C%'", ""),
            ("params.net ILIKE 'C%'", "n1 n2"),
            ("tags.`my tag` = 'xx'", "n2"),
            ("tags.\"my tag\" LIKE 'x%'", "n1 n2"),
            ("attributes.status = 'FAILED'", "n0"),
            ("status = 'RUNNING'", "n1"),
            ("attributes.status != 'FINISHED'", "n0 n1"),
            ("run_name = 'n2'", "n2"),
            ("attributes.run_name LIKE 'n_'", "n0 n1 n2"),
            (f"start_time > {int(time.time() * 1000) - 600_000}", "n0 n1 n2"),
            ("start_time < 5", ""),
        ]:
            with self.subTest(filter_string):
                self.assertEqual(names(filter_string), expected)
        one = self.client.search_runs([experiment], "run_name = 'n1'")[0].info.run_id
        self.assertEqual(names(f"attributes.run_id IN ('{one}')"), "n1")
        self.assertEqual(names(f"attributes.run_id NOT IN ('{one}')"), "n0 n2")
        for order_by, expected in [
            (["metrics.loss ASC"], "n1 n0 n2"),
            (["metrics.loss DESC"], "n0 n1 n2"),
            (["params.net ASC", "metrics.`val/acc` DESC"], "n2 n1 n0"),
            (["attributes.start_time ASC"], "n0 n1 n2"),
            (["tags.`my tag` DESC"], "n2 n1 n0"),
        ]:
            with self.subTest(order_by):
                self.assertEqual(names("", order_by), expected)
        first = self.client.search_runs([experiment], max_results=2, order_by=["run_name"])
        self.assertEqual(len(first), 2)
        rest = self.client.search_runs(
            [experiment], max_results=2, order_by=["run_name"], page_token=first.token
        )
        self.assertEqual([run.info.run_name for run in rest], ["n2"])

    def test_a_batch_is_all_or_nothing(self) -> None:
        run = self.run_in(self.experiment())
        now = int(time.time() * 1000)
        metrics = [Metric("loss", 1 / (step + 1), now + step, step) for step in range(1000)]
        self.client.log_batch(run, metrics=metrics)
        params = [Param(f"p{n}", str(n)) for n in range(100)]
        self.client.log_batch(run, params=params, tags=[RunTag(f"t{n}", "x") for n in range(100)])
        found = self.client.get_run(run)
        self.assertEqual(len(found.data.params), 100)
        history = self.client.get_metric_history(run, "loss")
        self.assertEqual(len(history), 1000)
        self.assertEqual([m.timestamp for m in history], [now + step for step in range(1000)])
        self.refused(
            "INVALID_PARAMETER_VALUE",
            self.client.log_batch,
            run,
            metrics=[Metric("other", 1.0, now, 0)],
            params=[Param("p1", "something else")],
        )
        self.assertNotIn("other", self.client.get_run(run).data.metrics)

    def test_a_run_is_deleted_and_restored(self) -> None:
        experiment = self.experiment()
        run = self.run_in(experiment)
        self.client.delete_run(run)
        self.assertEqual(self.client.get_run(run).info.lifecycle_stage, "deleted")
        self.assertEqual(len(self.client.search_runs([experiment])), 0)
        deleted = self.client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)
        self.assertEqual([found.info.run_id for found in deleted], [run])
        self.client.restore_run(run)
        self.assertEqual(len(self.client.search_runs([experiment])), 1)

    def test_a_run_is_renamed_tagged_and_ended(self) -> None:
        run = self.run_in(self.experiment())
        self.client.update_run(run, name="new name")
        self.client.set_tag(run, "a", "b")
        self.client.delete_tag(run, "a")
        self.client.set_terminated(run, "KILLED")
        found = self.client.get_run(run)
        self.assertEqual((found.info.run_name, found.info.status), ("new name", "KILLED"))
        self.assertNotIn("a", found.data.tags)

    def test_what_is_wrong_is_raised_as_the_right_error(self) -> None:
        experiment = self.experiment()
        run = self.run_in(experiment)
        nobody = "01900000-0000-7000-8000-000000000000"
        invalid, unknown = "INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"
        self.client.log_param(run, "a", "1")
        self.client.log_param(run, "a", "1")
        for code, call, *args in [
            (unknown, self.client.get_run, nobody),
            (unknown, self.client.get_experiment, nobody),
            (unknown, self.client.log_metric, nobody, "x", 1),
            (unknown, self.client.create_run, nobody),
            (unknown, self.client.get_registered_model, "nothing"),
            (invalid, self.client.log_param, run, "a", "2"),
            (invalid, self.client.search_runs, [experiment], "metrics.x <"),
            (invalid, self.client.search_runs, [experiment], "nonsense.x = 1"),
            (invalid, self.client.search_runs, [experiment], "", ViewType.ALL, 0),
            (unknown, self.client.delete_tag, run, "nothing"),
        ]:
            with self.subTest(f"{call.__name__} {args}"):
                self.refused(code, call, *args)
