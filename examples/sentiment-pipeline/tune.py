"""Trains the model with a new version of the prompt and asks for Production. A runner starts it for triggers.yaml.

The runner sets REGESTA_PARAMETERS, and server and token for the clients of Regesta and MLflow.
"""

import json
import os

from train import MODEL, regesta, train_with

parameters = json.loads(os.environ["REGESTA_PARAMETERS"])
number = train_with(f"/{parameters['version']}")
regesta("promote", f"model/{MODEL}@{number}", "--to", "stage:Production",
        "--reason", f"trained with prompt/{parameters['prompt']}@{parameters['version']}")
