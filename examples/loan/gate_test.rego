package regesta.gate_test

import data.regesta.gate

evaluated(version, accuracy, parity) := {
	"version": version,
	"metrics": {"verified": {"accuracy": accuracy}, "claimed": {"accuracy": 0.99}},
	"fairness": {"race": {
		"demographic_parity_ratio": parity,
		"groups": {
			"black": {"n": 79, "selection_rate": 0.9 * parity},
			"white": {"n": 673, "selection_rate": 0.9},
		},
	}},
	"evaluation": {"dataset": {"name": "loan-holdout", "version": 1, "digest": "aa"}},
	"card": {"id": 1, "title": "Loan risk"},
}

asked(candidate) := {
	"action": "move",
	"pointer": {"kind": "model", "name": "loan-risk", "alias": "production"},
	"candidate": candidate,
	"current": evaluated(1, 0.88, 0.99),
	"held_before": [1],
}

codes(document) := {finding.code | some finding in gate.deny with input as document}

needs(document) := {finding.code | some finding in gate.require with input as document}

test_better_and_fair_needs_only_the_approval if {
	codes(asked(evaluated(3, 0.92, 0.82))) == set()
	needs(asked(evaluated(3, 0.92, 0.82))) == {"risk-approval"}
}

test_unfair_is_denied if codes(asked(evaluated(2, 0.95, 0.74))) == {"fairness"}

test_the_denial_names_the_groups if {
	some finding in gate.deny with input as asked(evaluated(2, 0.95, 0.5))
	contains(finding.msg, "black 45 %")
}

test_four_fifths_is_enough if codes(asked(evaluated(2, 0.95, 0.8))) == set()

test_half_a_point_better_is_not_enough if codes(asked(evaluated(2, 0.885, 0.9))) == {"accuracy"}

test_worse_and_unfair_gets_both_reasons if codes(asked(evaluated(4, 0.8, 0.6))) == {"accuracy", "fairness"}

test_claimed_numbers_do_not_count if {
	candidate := object.union(evaluated(2, 0, 0), {"metrics": {"verified": null, "claimed": {"accuracy": 0.99}}, "fairness": null})
	codes(asked(candidate)) == {"not-evaluated"}
}

test_unknown_parity_is_no_pass if {
	unknown := {"fairness": {"race": {"demographic_parity_ratio": null}}}
	codes(asked(object.union(evaluated(2, 0.95, 0.9), unknown))) == {"not-evaluated"}
}

test_a_card_must_exist if {
	codes(asked(object.union(evaluated(2, 0.95, 0.9), {"card": null}))) == {"card"}
}

test_other_holdout_data_is_denied if {
	other := {"evaluation": {"dataset": {"name": "loan-holdout", "version": 2, "digest": "bb"}}}
	codes(asked(object.union(evaluated(2, 0.95, 0.9), other))) == {"other-data"}
}

test_a_tiny_group_proves_nothing if {
	tiny := {"fairness": {"race": {"groups": {"hispanic": {"n": 7, "selection_rate": 0.9}}}}}
	codes(asked(object.union(evaluated(2, 0.95, 0.9), tiny))) == {"small-group"}
}

test_the_first_version_has_nothing_to_beat if {
	first := object.union(asked(evaluated(1, 0.5, 0.9)), {"current": null, "held_before": []})
	codes(first) == set()
}

test_rolling_back_waits_for_nobody if {
	back := object.union(asked(evaluated(1, 0.5, 0.1)), {"action": "rollback"})
	codes(back) == set()
	needs(back) == set()
}

test_rolling_back_to_a_stranger_is_a_move if {
	back := object.union(asked(evaluated(4, 0.5, 0.1)), {"action": "rollback"})
	codes(back) == {"accuracy", "fairness"}
}

test_removing_production_is_denied if {
	removed := object.union(asked(null), {"action": "remove"})
	codes(removed) == {"alias-removed"}
}
