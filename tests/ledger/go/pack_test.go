package ledger

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"sort"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// members reads the evidence pack that PACK names, which a server made.
func members(t *testing.T) map[string][]byte {
	t.Helper()
	archive, err := zip.OpenReader(os.Getenv("PACK"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	all := map[string][]byte{}
	for _, file := range archive.File {
		reader, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(reader) // also compares the CRC
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := all[file.Name]; twice {
			t.Fatalf("%s is there twice", file.Name)
		}
		all[file.Name] = data
	}
	return all
}

func digest(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }

func TestEveryMemberOfAPackIsWhatItsManifestSays(t *testing.T) {
	all := members(t)
	var manifest struct {
		Members []struct {
			Path, Sha256 string
			Size         int
		}
	}
	if err := json.Unmarshal(all["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest.Members) != len(all)-1 || len(all) < 20 {
		t.Errorf("%d members, %d listed", len(all), len(manifest.Members))
	}
	for _, member := range manifest.Members {
		if digest(all[member.Path]) != member.Sha256 || len(all[member.Path]) != member.Size {
			t.Errorf("%s differs", member.Path)
		}
	}
}

func packKey(t *testing.T, all map[string][]byte) note.Verifier {
	t.Helper()
	key, err := note.NewVerifier(strings.TrimSpace(string(all["ledger/key"])))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestEveryEntryOfAPackIsInTheSignedTree(t *testing.T) {
	all := members(t)
	key := packKey(t, all)
	if _, err := note.Open(all["ledger/checkpoint"], note.VerifierList(key)); err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(key.Name()), torchwood.SingleVerifierPolicy(key))
	count := 0
	for name, disclosed := range all {
		if !strings.HasPrefix(name, "ledger/") || path.Ext(name) != ".json" {
			continue
		}
		count++
		proof := all[strings.TrimSuffix(name, ".json")+".tlog-proof"]
		entry, _ := published(t, disclosed)
		if err := torchwood.VerifyProof(policy, tlog.RecordHash(entry), proof); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.HasSuffix(proof, all["ledger/checkpoint"]) {
			t.Errorf("%s is proven against another checkpoint", name)
		}
	}
	if count < 4 {
		t.Errorf("only %d entries", count)
	}
}

// The entry version.packed seals every document: of a folder, the lines that sha256sum prints.
func TestThePackIsWhatItsEntrySeals(t *testing.T) {
	all := members(t)
	var manifest struct{ Entry int }
	if err := json.Unmarshal(all["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	var sealing struct {
		Body struct {
			Action string
			Data   struct{ Documents map[string]string }
		}
	}
	if err := json.Unmarshal(all[fmt.Sprintf("ledger/%d.json", manifest.Entry)], &sealing); err != nil {
		t.Fatal(err)
	}
	if sealing.Body.Action != "version.packed" {
		t.Fatalf("entry %d is %s", manifest.Entry, sealing.Body.Action)
	}
	var names []string
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	computed, folders := map[string]string{}, map[string]string{}
	for _, name := range names {
		folder, _, nested := strings.Cut(name, "/")
		switch {
		case name == "manifest.json" || folder == "ledger":
		case nested:
			folders[folder] += digest(all[name]) + "  " + name + "\n"
		default:
			computed[name] = digest(all[name])
		}
	}
	for folder, lines := range folders {
		computed[folder] = digest([]byte(lines))
	}
	if fmt.Sprint(computed) != fmt.Sprint(sealing.Body.Data.Documents) {
		t.Errorf("the pack has %v, the entry seals %v", computed, sealing.Body.Data.Documents)
	}
}
