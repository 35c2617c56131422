package regesta.gate_test

import data.regesta.gate

version(accuracy) := {"metrics": {"verified": {"accuracy": accuracy}}, "evaluation": {"dataset": {"digest": "d"}}}

codes(candidate, current) := {violation.code |
	some violation in gate.deny with input as {"action": "move", "candidate": candidate, "current": current}
}

test_first_version_needs_an_evaluation if {
	codes(version(0.7), null) == set()
	codes({"metrics": {"verified": {}}}, null) == {"not-evaluated"}
}

test_one_point_better_is_enough if {
	codes(version(0.72), version(0.7)) == set()
	codes(version(0.705), version(0.7)) == {"accuracy"}
}

test_other_reviews_do_not_compare if {
	codes(object.union(version(0.9), {"evaluation": {"dataset": {"digest": "e"}}}), version(0.7)) == {"other-data"}
}
