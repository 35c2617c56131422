# A prompt goes to production when its tests pass. A move that is asked for before the runner has finished waits as a change
# request and is made when the evidence comes.
package regesta.gate

require contains {
	"code": "prompt-tests",
	"msg": "every test of the prompt passes",
	"remediation": "wait for the runner, or: regesta prompt tests run NAME@VERSION",
	"evidence": {"type": "prompt-test", "at_least": {"pass_rate": 1}, "current_tests": true, "origin": "runner"},
} if {
	not going_back
	input.action != "remove"
}

deny contains {
	"code": "no-tests",
	"msg": "the prompt has no tests",
	"remediation": "regesta prompt tests set NAME tests.yaml",
} if {
	not going_back
	input.action != "remove"
	not input.candidate.tests
}

warn contains {
	"code": "unchecked",
	"msg": sprintf("%d of %d cases could not be checked", [input.candidate.prompt_test.errors, input.candidate.prompt_test.total]),
} if {
	input.candidate.prompt_test.errors > 0
}

# Going back to what was good enough before never waits.
going_back if {
	input.action == "rollback"
	input.candidate.version in input.held_before
}
