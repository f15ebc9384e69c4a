"""The fluent interface, as scripts use it."""

import math
import os
import tempfile

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import mlflow

from hub import HubTest


class Fluent(HubTest):
    def test_a_run_is_logged_and_read_back(self) -> None:
        experiment = mlflow.set_experiment(self.name())
        with mlflow.start_run(run_name="first", description="what for", tags={"team": "x"}) as run:
            mlflow.log_param("lr", 0.1)
            mlflow.log_params({"layers": 3, "name": "a b"})
            mlflow.set_tag("note", "ä \"quoted\"")
            mlflow.set_tags({"a": 1, "b": "two"})
            for step in range(5):
                mlflow.log_metric("loss", 1 / (step + 1), step=step)
            mlflow.log_metrics({"acc": 0.5, "odd": math.nan, "far": math.inf}, step=9)
        found = mlflow.get_run(run.info.run_id)
        self.assertEqual(found.info.experiment_id, experiment.experiment_id)
        self.assertEqual((found.info.run_name, found.info.status), ("first", "FINISHED"))
        self.assertIsNotNone(found.info.end_time)
        self.assertEqual(found.data.params, {"lr": "0.1", "layers": "3", "name": "a b"})
        self.assertEqual(found.data.metrics["loss"], 0.2)
        self.assertEqual(found.data.metrics["acc"], 0.5)
        self.assertTrue(math.isnan(found.data.metrics["odd"]))
        self.assertEqual(found.data.metrics["far"], math.inf)
        tags = found.data.tags
        self.assertEqual((tags["team"], tags["note"], tags["a"]), ("x", "ä \"quoted\"", "1"))
        self.assertEqual(tags["mlflow.note.content"], "what for")
        history = self.client.get_metric_history(run.info.run_id, "loss")
        self.assertEqual([m.value for m in history], [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])
        self.assertEqual([m.step for m in history], [0, 1, 2, 3, 4])

    def test_runs_nest_and_fail(self) -> None:
        mlflow.set_experiment(self.name())
        with self.assertRaises(ValueError):
            with mlflow.start_run() as parent:
                with mlflow.start_run(nested=True) as child:
                    mlflow.log_metric("x", 1)
                raise ValueError("as it happens")
        tags = mlflow.get_run(child.info.run_id).data.tags
        self.assertEqual(tags["mlflow.parentRunId"], parent.info.run_id)
        self.assertEqual(mlflow.get_run(child.info.run_id).info.status, "FINISHED")
        self.assertEqual(mlflow.get_run(parent.info.run_id).info.status, "FAILED")

    def test_a_run_is_gone_on_with(self) -> None:
        mlflow.set_experiment(self.name())
        with mlflow.start_run() as run:
            mlflow.log_metric("x", 1, step=0)
        with mlflow.start_run(run_id=run.info.run_id):
            self.assertEqual(mlflow.get_run(run.info.run_id).info.status, "RUNNING")
            mlflow.log_metric("x", 2, step=1)
        found = mlflow.get_run(run.info.run_id)
        self.assertEqual((found.data.metrics["x"], found.info.status), (2, "FINISHED"))

    def test_without_an_experiment_the_default_one_takes_it(self) -> None:
        with mlflow.start_run(experiment_id="0") as run:
            mlflow.log_metric("x", 1)
        found = self.client.get_experiment(run.info.experiment_id)
        self.assertEqual(found.name, "Default")

    def test_files_of_all_kinds_are_kept(self) -> None:
        mlflow.set_experiment(self.name())
        with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
            path = os.path.join(folder, "a b.txt")
            with open(path, "w") as file:
                file.write("one")
            os.makedirs(os.path.join(folder, "deep", "er"))
            open(os.path.join(folder, "deep", "er", "empty"), "w").close()
            mlflow.log_artifact(path)
            mlflow.log_artifact(path, "copies/of")
            mlflow.log_artifacts(folder, "all")
            mlflow.log_dict({"a": [1, 2]}, "data/x.json")
            mlflow.log_text("<b>text</b>", "notes.html")
            figure, axes = plt.subplots()
            axes.plot([0, 1], [1, 0])
            mlflow.log_figure(figure, "plots/line.png")
            plt.close(figure)
        run_id = run.info.run_id
        names = sorted((f.path, f.is_dir) for f in self.client.list_artifacts(run_id))
        expected = [("a b.txt", False), ("all", True), ("copies", True), ("data", True),
                    ("notes.html", False), ("plots", True)]
        self.assertEqual(names, expected)
        below = [f.path for f in self.client.list_artifacts(run_id, "all/deep/er")]
        self.assertEqual(below, ["all/deep/er/empty"])
        self.assertEqual(self.client.list_artifacts(run_id, "a b.txt"), [])
        text = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes.html")
        self.assertEqual(text, "<b>text</b>")
        data = mlflow.artifacts.load_dict(f"runs:/{run_id}/data/x.json")
        self.assertEqual(data, {"a": [1, 2]})
        with tempfile.TemporaryDirectory() as folder:
            down = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="", dst_path=folder)
            with open(os.path.join(down, "all", "a b.txt")) as file:
                self.assertEqual(file.read(), "one")
            self.assertEqual(os.path.getsize(os.path.join(down, "all", "deep", "er", "empty")), 0)
            with open(os.path.join(down, "plots", "line.png"), "rb") as file:
                self.assertEqual(file.read(8), b"\x89PNG\r\n\x1a\n")

    def test_a_dataset_is_an_input(self) -> None:
        import pandas

        mlflow.set_experiment(self.name())
        table = pandas.DataFrame({"x": [1, 2, 3], "y": [0, 1, 0]})
        data = mlflow.data.from_pandas(table, name="wine", targets="y")
        with mlflow.start_run() as run:
            mlflow.log_input(data, context="training")
        inputs = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
        self.assertEqual([i.dataset.name for i in inputs], ["wine"])
        self.assertEqual(inputs[0].tags[0].value, "training")

    def test_runs_are_searched_as_a_table(self) -> None:
        experiment = mlflow.set_experiment(self.name())
        for number in range(4):
            with mlflow.start_run(run_name=f"run {number}"):
                mlflow.log_param("n", number)
                mlflow.log_metric("score", number / 10)
        table = mlflow.search_runs(
            [experiment.experiment_id],
            filter_string="metrics.score >= 0.1 AND params.n != '3'",
            order_by=["metrics.score DESC"],
        )
        self.assertEqual(list(table["params.n"]), ["2", "1"])
        self.assertEqual(mlflow.last_active_run().info.run_name, "run 3")
