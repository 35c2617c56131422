"""The model of version 3, as code that mlflow stores beside the forest of version 2: one cut-off for everybody."""

import mlflow
import mlflow.sklearn
from mlflow.pyfunc import PythonModel


class FairCutoff(PythonModel):
    def load_context(self, context):
        self.forest = mlflow.sklearn.load_model(context.artifacts["forest"])
        self.cutoff = float(context.model_config["cutoff"])

    def predict(self, context, model_input, params=None):
        return (self.forest.predict_proba(model_input)[:, 1] >= self.cutoff).astype(int)


mlflow.models.set_model(FairCutoff())
