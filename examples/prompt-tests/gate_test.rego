package regesta.gate_test

import data.regesta.gate

tested := {"tests": {"digest": "d", "cases": 2}, "prompt_test": {"errors": 0, "total": 2}, "version": 2}

test_a_tested_prompt_needs_its_result if {
	verdict := gate with input as {"action": "move", "candidate": tested, "held_before": []}
	count(verdict.deny) == 0
	count(verdict.require) == 1
}

test_without_tests_it_is_refused if {
	some denied in gate.deny with input as {"action": "move", "candidate": {"tests": false, "prompt_test": false}}
	denied.code == "no-tests"
}

test_going_back_waits_for_nothing if {
	verdict := gate with input as {"action": "rollback", "candidate": {"version": 2, "tests": false}, "held_before": [2]}
	count(verdict.deny) == 0
	count(verdict.require) == 0
}

test_what_could_not_be_checked_is_said if {
	bad := object.union(tested, {"prompt_test": {"errors": 1}})
	count(gate.warn) == 1 with input as {"action": "move", "candidate": bad}
}
