# What must hold before a loan model's `production` alias moves. The server evaluates this with the document described in
# docs/policy-input.md; every number used here was computed by the server, not sent by a client.
package regesta.gate

# METADATA
# title: least share of the approval rate that the worst-off group must reach (the "four-fifths" rule)
least_parity := 0.8

# METADATA
# title: how much more accurate than the version in production a candidate must be
least_gain := 0.01

# METADATA
# title: groups smaller than this prove nothing
least_group := 20

# Going back to a version that was in production before never waits for anybody.
going_back if {
	input.action == "rollback"
	input.candidate.version in input.held_before
}

moving if {
	input.candidate
	not going_back
}

accuracy := input.candidate.metrics.verified.accuracy

parity := input.candidate.fairness.race.demographic_parity_ratio

remediation_evaluate := sprintf(
	"regesta evidence evaluate %s@%d --dataset … --predictions … --label approve --group race",
	[input.pointer.name, input.candidate.version],
)

deny contains {"code": "alias-removed", "msg": "production must point somewhere", "remediation": "roll back instead"} if {
	input.action == "remove"
}

deny contains {
	"code": "not-evaluated",
	"msg": "the server has not computed accuracy and fairness by race for this version",
	"remediation": remediation_evaluate,
} if {
	moving
	not has_numbers
}

has_numbers if {
	is_number(accuracy)
	is_number(parity)
}

deny contains {
	"code": "accuracy",
	"msg": sprintf("accuracy is %.1f %%, production has %.1f %%, and a gain of one point is the least to move for", [
		accuracy * 100, current * 100,
	]),
	"remediation": "train a better model on the training data, and evaluate it on the same holdout data",
} if {
	moving
	has_numbers
	current := input.current.metrics.verified.accuracy
	accuracy < current + least_gain
}

deny contains {
	"code": "other-data",
	"msg": "this version and the one in production were not evaluated on the same data",
	"remediation": remediation_evaluate,
} if {
	moving
	input.current.evaluation.dataset.digest != input.candidate.evaluation.dataset.digest
}

deny contains {
	"code": "fairness",
	"msg": sprintf("demographic parity ratio by race is %.3f, below %.1f: %s", [parity, least_parity, rates]),
	"remediation": "make the approval rates of the groups more alike, and evaluate again",
} if {
	moving
	has_numbers
	parity < least_parity
}

rates := concat(", ", [sprintf("%s %.0f %%", [group, numbers.selection_rate * 100]) |
	some group, numbers in input.candidate.fairness.race.groups
])

deny contains {
	"code": "small-group",
	"msg": sprintf("the group %s has only %d rows in the holdout data", [group, numbers.n]),
	"remediation": "evaluate on more data",
} if {
	moving
	some group, numbers in input.candidate.fairness.race.groups
	numbers.n < least_group
}

deny contains {
	"code": "card",
	"msg": "there is no model card",
	"remediation": sprintf("regesta evidence add %s@%d --type card --file card.md", [input.pointer.name, input.candidate.version]),
} if {
	moving
	not input.candidate.card.id
}

require contains {
	"code": "risk-approval",
	"msg": "one person with the role risk, who did not make this version, approves",
	"remediation": "ask somebody in risk to run: regesta approve <id> --role risk",
	"approvals": {"role": "risk", "count": 1, "not_author": true},
} if {
	moving
}
