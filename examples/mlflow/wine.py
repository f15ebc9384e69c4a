"""Fits forests to the wine data and says so to MLflow. Nothing here knows of Cupola.

    python wine.py --trees 50        logs wherever MLFLOW_TRACKING_URI points
"""

import argparse

import mlflow
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
parser.add_argument("--trees", type=int, default=100)
parser.add_argument("--depth", type=int, default=4)
args = parser.parse_args()

X_train, X_test, y_train, y_test = train_test_split(*load_wine(return_X_y=True), random_state=7)

mlflow.set_experiment("wine")
mlflow.sklearn.autolog()

with mlflow.start_run():
    forest = RandomForestClassifier(args.trees, max_depth=args.depth, random_state=7)
    forest.fit(X_train, y_train)
    mlflow.log_metric("test_accuracy", forest.score(X_test, y_test))
