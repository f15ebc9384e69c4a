"""Models: autolog with a real fit, logging, loading back, the registry."""

import mlflow
import numpy
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from hub import HubTest

X, Y = load_iris(return_X_y=True)


class Models(HubTest):
    def test_autolog_logs_a_real_fit(self) -> None:
        mlflow.set_experiment(self.name())
        mlflow.sklearn.autolog()
        self.addCleanup(mlflow.sklearn.autolog, disable=True)
        with mlflow.start_run() as run:
            model = RandomForestClassifier(n_estimators=7, random_state=1).fit(X, Y)
            model.score(X, Y)
        found = mlflow.get_run(run.info.run_id)
        self.assertEqual(found.data.params["n_estimators"], "7")
        self.assertGreater(found.data.metrics["training_score"], 0.9)
        self.assertEqual(found.data.tags["estimator_name"], "RandomForestClassifier")
        names = {f.path for f in self.client.list_artifacts(run.info.run_id)}
        self.assertIn("estimator.html", names)
        logged = mlflow.search_logged_models(
            [found.info.experiment_id], output_format="list"
        )
        self.assertEqual([one.source_run_id for one in logged], [run.info.run_id])
        back = mlflow.sklearn.load_model(f"models:/{logged[0].model_id}")
        numpy.testing.assert_array_equal(back.predict(X), model.predict(X))

    def test_a_model_is_logged_loaded_and_registered(self) -> None:
        mlflow.set_experiment(self.name())
        name = self.name()
        model = LogisticRegression(max_iter=500).fit(X, Y)
        with mlflow.start_run() as run:
            mlflow.log_param("C", 1.0)
            info = mlflow.sklearn.log_model(
                model, name="model", signature=infer_signature(X, Y), registered_model_name=name
            )
            mlflow.log_metric("accuracy", 0.97, model_id=info.model_id)
        back = mlflow.pyfunc.load_model(info.model_uri)
        numpy.testing.assert_array_equal(back.predict(X), model.predict(X))
        by_run = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model")
        numpy.testing.assert_array_equal(by_run.predict(X), model.predict(X))
        logged = mlflow.get_logged_model(info.model_id)
        self.assertEqual((logged.status, logged.source_run_id), ("READY", run.info.run_id))
        self.assertEqual(logged.params["C"], "1.0")
        self.assertEqual([(m.key, m.value) for m in logged.metrics], [("accuracy", 0.97)])
        outputs = mlflow.get_run(run.info.run_id).outputs.model_outputs
        self.assertEqual([one.model_id for one in outputs], [info.model_id])

        version = self.client.get_model_version(name, "1")
        self.assertEqual((version.run_id, version.status), (run.info.run_id, "READY"))
        self.client.delete_run(run.info.run_id)
        kept = mlflow.sklearn.load_model(f"models:/{name}/1")
        numpy.testing.assert_array_equal(kept.predict(X), model.predict(X))

    def test_a_model_is_logged_without_a_run(self) -> None:
        mlflow.set_experiment(self.name())
        model = LogisticRegression(max_iter=500).fit(X, Y)
        info = mlflow.sklearn.log_model(model, name="alone")
        self.assertFalse(mlflow.get_logged_model(info.model_id).source_run_id)
        back = mlflow.sklearn.load_model(info.model_uri)
        numpy.testing.assert_array_equal(back.predict(X), model.predict(X))

    def test_versions_have_stages_aliases_and_tags(self) -> None:
        mlflow.set_experiment(self.name())
        name = self.name()
        with mlflow.start_run() as run:
            mlflow.log_text("flavors: {}", "old/MLmodel")
        for _ in range(3):
            mlflow.register_model(f"runs:/{run.info.run_id}/old", name, tags={"by": "test"})
        self.client.update_registered_model(name, "what it is for")
        self.client.set_registered_model_tag(name, "k", "v")
        self.client.set_registered_model_alias(name, "champion", "2")
        self.client.set_model_version_tag(name, "2", "checked", "yes")
        self.client.update_model_version(name, "2", "the good one")
        self.client.transition_model_version_stage(name, "1", "Production")
        self.client.transition_model_version_stage(
            name, "3", "Production", archive_existing_versions=True
        )
        model = self.client.get_registered_model(name)
        self.assertEqual((model.description, model.tags), ("what it is for", {"k": "v"}))
        self.assertEqual(model.aliases, {"champion": "2"})
        champion = self.client.get_model_version_by_alias(name, "champion")
        self.assertEqual((int(champion.version), champion.description), (2, "the good one"))
        self.assertEqual(champion.tags, {"by": "test", "checked": "yes"})
        stages = [
            (int(v.version), v.current_stage)
            for v in self.client.search_model_versions(
                f"name = '{name}'", order_by=["version_number ASC"]
            )
        ]
        self.assertEqual(stages, [(1, "Archived"), (2, "None"), (3, "Production")])
        latest = self.client.get_latest_versions(name, ["Production"])
        self.assertEqual([int(v.version) for v in latest], [3])
        text = mlflow.artifacts.load_text(f"models:/{name}@champion/MLmodel")
        self.assertEqual(text, "flavors: {}")

        self.client.delete_model_version_tag(name, "2", "checked")
        self.client.delete_registered_model_alias(name, "champion")
        self.client.delete_registered_model_tag(name, "k")
        self.client.delete_model_version(name, "3")
        self.assertEqual(
            int(mlflow.register_model(f"runs:/{run.info.run_id}/old", name).version), 4
        )
        self.client.rename_registered_model(name, name + " new")
        found = self.client.search_registered_models(f"name LIKE '{name}%'")
        self.assertEqual([model.name for model in found], [name + " new"])
        self.client.delete_registered_model(name + " new")
        self.refused(
            "RESOURCE_DOES_NOT_EXIST", self.client.get_registered_model, name + " new"
        )

    def test_what_is_wrong_is_raised_as_the_right_error(self) -> None:
        name = self.name()
        self.client.create_registered_model(name)
        invalid, unknown = "INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"
        exists = "RESOURCE_ALREADY_EXISTS"
        for code, call, *args in [
            (exists, self.client.create_registered_model, name),
            (invalid, self.client.create_registered_model, "a/b"),
            (unknown, self.client.get_model_version, name, "1"),
            (invalid, self.client.get_model_version_by_alias, name, "nobody"),
            (unknown, self.client.set_registered_model_alias, name, "a", "7"),
            (invalid, self.client.search_registered_models, "size > 3"),
            (invalid, self.client.create_model_version, name, "/etc/passwd"),
        ]:
            with self.subTest(f"{call.__name__} {args}"):
                self.refused(code, call, *args)
