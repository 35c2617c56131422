// Command histories decides whether recorded histories of calls are linearizable: whether each call seems to take effect at one moment
// between its start and its end, in an order that the model of the object allows (Herlihy and Wing, 1990).
//
// It reads a JSON array of calls and prints one line for each object whose history is rejected; then it exits with 1. A history that
// could not be decided in time is rejected, too.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// Call is one call of one client. End is 0 when nobody knows whether it took effect.
type Call struct {
	Object string `json:"object"` // its first word is the model
	Op     string `json:"op"`
	Value  string `json:"value"` // what was sent
	Result string `json:"result"`
	Client int    `json:"client"`
	Start  int64  `json:"start"`
	End    int64  `json:"end"`
}

const (
	approvalsNeeded = 3 // as the policy in rounds.py
	movedMark       = " moved"
)

// Each model answers whether the call may have its result in this state, and the state that follows.
var models = map[string]func(state string, call Call) (bool, string){
	// An alias: what was set last is read.
	"alias": func(state string, call Call) (bool, string) {
		if call.Op == "set" {
			return true, call.Value
		}
		return call.Result == state, state
	},
	// The versions of a prompt: each new one has the next number.
	"versions": func(state string, call Call) (bool, string) {
		last, _ := strconv.Atoi(state)
		if call.Op == "create" {
			next := strconv.Itoa(last + 1)
			return call.Result == next, next
		}
		return call.Result == strconv.Itoa(last), state
	},
	// A change request: approvals are kept. The alias moves after those that are needed, and then the request takes no more.
	"request": func(state string, call Call) (bool, string) {
		names, moved := strings.CutSuffix(state, movedMark)
		approved := strings.Fields(names)
		enough := len(approved) >= approvalsNeeded
		switch call.Op {
		case "approve":
			if call.Result == "closed" {
				return enough, names + movedMark
			}
			if moved {
				return call.End == 0, state
			}
			approved = append(approved, call.Value)
			sort.Strings(approved)
			return true, strings.Join(approved, " ")
		case "approvals":
			return call.Result == names, state
		default: // "moved"
			if call.Result == "true" {
				return enough, names + movedMark
			}
			return !moved, state
		}
	},
	// Content under its digest: absent until it was stored.
	"blob": func(state string, call Call) (bool, string) {
		if call.Op == "put" {
			return true, "there"
		}
		return call.Result == state, state
	},
}

func model(name string) porcupine.Model {
	step, known := models[name]
	if !known {
		fmt.Fprintf(os.Stderr, "no model %q\n", name)
		os.Exit(2)
	}
	return porcupine.Model{
		Init: func() interface{} { return "" },
		Step: func(state, input, output interface{}) (bool, interface{}) {
			return step(state.(string), input.(Call))
		},
		DescribeOperation: func(input, output interface{}) string {
			call := input.(Call)
			return fmt.Sprintf("%s %s = %s", call.Op, call.Value, call.Result)
		},
	}
}

func main() {
	var calls []Call
	if err := json.NewDecoder(os.Stdin).Decode(&calls); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	objects := map[string][]porcupine.Operation{}
	for _, call := range calls {
		end := call.End
		if end == 0 {
			end = math.MaxInt64
		}
		objects[call.Object] = append(objects[call.Object],
			porcupine.Operation{ClientId: call.Client, Input: call, Call: call.Start, Output: call, Return: end})
	}
	rejected := 0
	for object, operations := range objects {
		about := model(strings.Fields(object)[0])
		result, info := porcupine.CheckOperationsVerbose(about, operations, time.Minute)
		if result == porcupine.Ok {
			continue
		}
		rejected++
		fmt.Printf("%s: %s, %d calls\n", object, result, len(operations))
		if len(os.Args) > 1 {
			page := fmt.Sprintf("%s/%s.html", os.Args[1], strings.ReplaceAll(object, " ", "-"))
			if err := porcupine.VisualizePath(about, info, page); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
	}
	fmt.Printf("%d calls, %d objects, %d rejected\n", len(calls), len(objects), rejected)
	if rejected > 0 {
		os.Exit(1)
	}
}
