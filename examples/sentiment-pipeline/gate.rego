# What must hold before the sentiment model moves to Production: the server itself computed the accuracy of the candidate,
# and it is at least one point better than that of the version in Production, on the same reviews.
package regesta.gate

least_gain := 0.01

moving if {
	input.candidate
	input.action != "rollback"
}

accuracy := input.candidate.metrics.verified.accuracy

baseline := input.current.metrics.verified.accuracy

deny contains {
	"code": "not-evaluated",
	"msg": "the server has not computed the accuracy of this version",
	"remediation": "regesta evidence evaluate NAME@VERSION --dataset … --predictions … --label label",
} if {
	moving
	not is_number(accuracy)
}

deny contains {
	"code": "accuracy",
	"msg": sprintf("accuracy %.1f %% is below the required %.1f %% (production %.1f %% + 1 point)", [
		accuracy * 100, (baseline + least_gain) * 100, baseline * 100,
	]),
	"remediation": "change the prompt or the data so that the model becomes better, and push again",
} if {
	moving
	accuracy < baseline + least_gain
}

deny contains {
	"code": "other-data",
	"msg": "this version and the one in production were not evaluated on the same reviews",
	"remediation": "evaluate both on one version of the dataset",
} if {
	moving
	input.current.evaluation.dataset.digest != input.candidate.evaluation.dataset.digest
}
