#pragma once
#include <string_view>

namespace regesta::cli {

/// A Python program that loads an MLflow model from a folder (its argument) and predicts. It reads {"inputs",
/// "parameters","seed"} lines from stdin and writes {"environment"}, then {"output"} or {"error"} lines to stdout. What
/// the model itself prints goes to stderr.
inline constexpr std::string_view modelScript = R"python(
import json, os, sys

out = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
folder, memory, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
try:
    import resource
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass


def say(value):
    out.write(json.dumps(value, ensure_ascii=False) + "\n")
    out.flush()


def environment():
    import platform
    from importlib import metadata
    packages, differs = {}, []
    try:
        lines = open(os.path.join(folder, "requirements.txt"), encoding="utf-8").read().splitlines()
    except OSError:
        lines = []
    for line in lines:
        line = line.split("#")[0].split(";")[0].strip()
        if not line or line.startswith("-"):
            continue
        name = line
        for mark in "=<>!~ [":
            name = name.split(mark)[0]
        try:
            packages[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            packages[name] = None
        if "==" in line and line.split("==")[1].strip() != packages[name]:
            differs.append({"package": name, "required": line.split("==")[1].strip(), "installed": packages[name]})
    return {"python": platform.python_version(), "machine": platform.machine(), "packages": packages, "differs": differs}


def seeded(seed):
    if seed is None:
        return
    import random
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def frame(inputs):
    import numpy, pandas
    if isinstance(inputs, dict):
        if "dataframe_split" in inputs:
            return pandas.DataFrame(**inputs["dataframe_split"]), False
        if "dataframe_records" in inputs:
            return pandas.DataFrame(inputs["dataframe_records"]), False
        if all(not isinstance(value, (list, dict)) for value in inputs.values()):
            return pandas.DataFrame([inputs]), True
        return {name: numpy.asarray(value) for name, value in inputs.items()}, False
    if isinstance(inputs, list):
        if inputs and all(isinstance(row, dict) for row in inputs):
            return pandas.DataFrame(inputs), False
        return numpy.asarray(inputs), False
    return [inputs], True


def ordered(data):
    """Columns in the order that the model was trained with: JSON objects have none."""
    if not hasattr(data, "columns"):
        return data
    names = None
    schema = model.metadata.get_input_schema()
    if schema is not None and schema.has_input_names():
        names = schema.input_names()
    else:
        try:
            names = getattr(model.get_raw_model(), "feature_names_in_", None)
        except Exception:
            pass
    return data[list(names)] if names is not None and set(names) == set(data.columns) else data


def plain(value):
    import math
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return [plain(row) for row in value.to_dict("records")]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


try:
    import mlflow.pyfunc
    model = mlflow.pyfunc.load_model(folder)
    say({"environment": environment()})
except BaseException as fault:
    say({"fatal": f"{type(fault).__name__}: {fault}"})
    sys.exit(3)
for line in sys.stdin:
    try:
        order = json.loads(line)
        data, one = frame(order.get("inputs"))
        data = ordered(data)
        seeded(order.get("seed"))
        parameters = order.get("parameters")
        result = plain(model.predict(data, params=parameters) if parameters else model.predict(data))
        say({"output": result[0] if one and isinstance(result, list) and len(result) == 1 else result})
    except MemoryError:
        say({"fatal": "the model needs more memory than it may use"})
        sys.exit(3)
    except Exception as fault:
        say({"error": f"{type(fault).__name__}: {fault}"})
)python";

}  // namespace regesta::cli
