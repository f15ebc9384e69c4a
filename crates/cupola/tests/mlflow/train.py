"""A training script as people have them: it knows MLflow, and nothing of where it runs."""

import time

import mlflow
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

mlflow.set_experiment("iris")
mlflow.sklearn.autolog(log_models=True)

X_train, X_test, y_train, y_test = train_test_split(*load_iris(return_X_y=True), random_state=1)

with mlflow.start_run():
    mlflow.log_params({"epochs": 40, "alpha": 0.001})
    with mlflow.utils.autologging_utils.disable_autologging():
        model = SGDClassifier(loss="log_loss", alpha=0.001, random_state=1)
        for epoch in range(40):
            model.partial_fit(X_train, y_train, classes=[0, 1, 2])
            mlflow.log_metric("val_loss", log_loss(y_test, model.predict_proba(X_test)), step=epoch)
            time.sleep(0.1)
    best = LogisticRegression(max_iter=500).fit(X_train, y_train)
    mlflow.log_metric("test_accuracy", best.score(X_test, y_test))
    mlflow.log_text("What was learnt.", "notes/report.txt")
    mlflow.set_tag("kind", "example")
