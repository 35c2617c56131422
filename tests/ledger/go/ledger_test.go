// Package ledger checks a ledger that Regesta wrote with code that has nothing in common with Regesta: Go's own
// checksum-database packages, torchwood and Tessera's fsck. LEDGER names the folder that ledger_writer filled.
package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const origin = "example.com/regesta-test"

// oldEntries is how many ledger_writer writes as versions before commitments did.
const oldEntries = 100

func folder(t *testing.T) string {
	dir := os.Getenv("LEDGER")
	if dir == "" {
		t.Fatal("LEDGER is not set: start tests/ledger/run")
	}
	return dir
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func names(t *testing.T, sub string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(folder(t), sub))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	if len(all) < 10 {
		t.Fatalf("%s has only %d files", sub, len(all))
	}
	return all
}

func verifier(t *testing.T) note.Verifier {
	t.Helper()
	v, err := note.NewVerifier(strings.TrimSpace(string(read(t, "key"))))
	if err != nil {
		t.Fatal(err)
	}
	if v.Name() != origin {
		t.Fatalf("the key's name is %q", v.Name())
	}
	return v
}

// checkpoint opens a signed checkpoint with x/mod's note package and parses its text.
func checkpoint(t *testing.T, data []byte) tlog.Tree {
	t.Helper()
	opened, err := note.Open(data, note.VerifierList(verifier(t)))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != origin || lines[3] != "" {
		t.Fatalf("not a checkpoint: %q", opened.Text)
	}
	n, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := tlog.ParseHash(lines[2])
	if err != nil {
		t.Fatal(err)
	}
	return tlog.Tree{N: n, Hash: hash}
}

func newest(t *testing.T) tlog.Tree { return checkpoint(t, read(t, "ledger/checkpoint")) }

// bundlePath and tilePath spell the C2SP names without help from Regesta: x/mod's tlog has "tile/8/" where C2SP has "tile/".
func tilePath(tile tlog.Tile) string { return strings.Replace(tile.Path(), "tile/8/", "tile/", 1) }

func bundlePath(number int64, width int) string {
	return strings.Replace(tlog.Tile{H: 8, L: 0, N: number, W: width}.Path(), "tile/8/0/", "tile/entries/", 1)
}

func entries(t *testing.T, size int64) [][]byte {
	t.Helper()
	var all [][]byte
	for number := int64(0); number*256 < size; number++ {
		width := int(min(256, size-number*256))
		rest := read(t, "ledger/"+bundlePath(number, width))
		for i := 0; i < width; i++ {
			length := int(binary.BigEndian.Uint16(rest))
			all = append(all, rest[2:2+length])
			rest = rest[2+length:]
		}
		if len(rest) != 0 {
			t.Fatalf("%s has %d bytes too many", bundlePath(number, width), len(rest))
		}
	}
	return all
}

func TestEveryCheckpointIsSignedAndNamesItsSize(t *testing.T) {
	for _, name := range names(t, "checkpoints") {
		data := read(t, "checkpoints/"+name)
		if tree := checkpoint(t, data); fmt.Sprint(tree.N) != name {
			t.Errorf("checkpoint %s is for %d entries", name, tree.N)
		}
		bad := bytes.Replace(data, []byte("\n"+name+"\n"), []byte("\n"+name+"0\n"), 1)
		if _, err := note.Open(bad, note.VerifierList(verifier(t))); err == nil {
			t.Errorf("checkpoint %s with another size still verifies", name)
		}
	}
}

// leaf makes the bytes that the tree has of what a reader of an entry hands out: a commitment to its body, or for entries
// of before, which have no salt, the body itself.
func leaf(t *testing.T, disclosed []byte) []byte {
	t.Helper()
	bytes, action := published(t, disclosed)
	if action != "" && action != "version.created" {
		t.Errorf("the entry says %q", action)
	}
	return bytes
}

// published also returns the entry's action; none for entries of before.
func published(t *testing.T, disclosed []byte) ([]byte, string) {
	t.Helper()
	var shown struct {
		Body json.RawMessage
		ID   int64
		Salt string
	}
	if err := json.Unmarshal(disclosed, &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Salt == "" {
		return disclosed, ""
	}
	salt, err := hex.DecodeString(shown.Salt)
	if err != nil {
		t.Fatal(err)
	}
	var body struct{ Action, Time string }
	if err := json.Unmarshal(shown.Body, &body); err != nil {
		t.Fatal(err)
	}
	commitment := sha256.Sum256(append(salt, shown.Body...))
	return fmt.Appendf(nil, `{"commitment":"%x","id":%d,"time":%q,"v":2}`, commitment, shown.ID, body.Time), body.Action
}

// The first entries were written by a version that hashed the body itself; later ones tell nothing but their time.
func TestPublishedEntriesTellNoMoreThanTheyMust(t *testing.T) {
	all := entries(t, newest(t).N)
	for i, entry := range all {
		open := bytes.Contains(entry, []byte("loan-risk"))
		if old := i < oldEntries; open != old {
			t.Fatalf("entry %d is published as %s", i, entry)
		}
	}
	for _, name := range names(t, "receipts") {
		if !strings.HasSuffix(name, ".entry") {
			continue
		}
		index, err := strconv.Atoi(strings.TrimSuffix(name, ".entry"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(leaf(t, read(t, "receipts/"+name)), all[index]) {
			t.Errorf("what %s discloses is not what was published", name)
		}
	}
}

func TestEveryReceiptVerifies(t *testing.T) {
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(origin), torchwood.SingleVerifierPolicy(verifier(t)))
	count := 0
	for _, name := range names(t, "receipts") {
		if strings.HasSuffix(name, ".entry") {
			continue
		}
		count++
		receipt, entry := read(t, "receipts/"+name), leaf(t, read(t, "receipts/"+name+".entry"))
		if err := torchwood.VerifyProof(policy, tlog.RecordHash(entry), receipt); err != nil {
			t.Errorf("receipt %s: %v", name, err)
		}
		if torchwood.VerifyProof(policy, tlog.RecordHash(append(entry, ' ')), receipt) == nil {
			t.Errorf("receipt %s verifies another entry", name)
		}
	}
	if count < 10 {
		t.Errorf("only %d receipts", count)
	}
}

func TestEveryConsistencyProofVerifies(t *testing.T) {
	for _, name := range names(t, "consistency") {
		from, to, _ := strings.Cut(name, "-")
		old, now := checkpoint(t, read(t, "checkpoints/"+from)), checkpoint(t, read(t, "checkpoints/"+to))
		var proof tlog.TreeProof
		for _, line := range strings.Fields(string(read(t, "consistency/"+name))) {
			hash, err := tlog.ParseHash(line)
			if err != nil {
				t.Fatal(err)
			}
			proof = append(proof, hash)
		}
		if old.N == 0 {
			if len(proof) != 0 {
				t.Errorf("%s: nothing is to be proved", name)
			}
			continue // tlog.CheckTree does not know the empty tree
		}
		if err := tlog.CheckTree(proof, now.N, now.Hash, old.N, old.Hash); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if old.N < now.N && tlog.CheckTree(proof, now.N, now.Hash, old.N, tlog.Hash{1}) == nil {
			t.Errorf("%s verifies another root", name)
		}
	}
}

// The tree computed from the entries' bytes gives the signed root and, byte for byte, every tile.
func TestEveryTileFollowsFromTheEntries(t *testing.T) {
	tree := newest(t)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	for i, entry := range entries(t, tree.N) {
		hashes, err := tlog.StoredHashes(int64(i), entry, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
	}
	if root, err := tlog.TreeHash(tree.N, reader); err != nil || root != tree.Hash {
		t.Fatalf("the entries give the root %v, the checkpoint has %v (%v)", root, tree.Hash, err)
	}
	tiles := tlog.NewTiles(8, 0, tree.N)
	for _, tile := range tiles {
		expected, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(read(t, "ledger/"+tilePath(tile)), expected) {
			t.Errorf("%s differs", tilePath(tile))
		}
	}
	t.Logf("%d entries, %d tiles", tree.N, len(tiles))
}

type directory struct{ t *testing.T }

func (d directory) Height() int                             { return 8 }
func (d directory) SaveTiles(tiles []tlog.Tile, _ [][]byte) {}
func (d directory) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		all = append(all, read(d.t, "ledger/"+tilePath(tile)))
	}
	return all, nil
}

// What a client does that has nothing but a checkpoint and the tiles: Go's reader authenticates each tile and proves.
func TestClientsCanProveFromTheTiles(t *testing.T) {
	tree := newest(t)
	reader := tlog.TileHashReader(tree, directory{t})
	all := entries(t, tree.N)
	for index := int64(0); index < tree.N; index += 1 + tree.N/97 {
		proof, err := tlog.ProveRecord(tree.N, index, reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(all[index])); err != nil {
			t.Errorf("entry %d: %v", index, err)
		}
	}
	// Proofs that Regesta computed are the ones that Go computes.
	for _, name := range names(t, "receipts") {
		index, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			continue
		}
		proof, err := tlog.ProveRecord(tree.N, index, reader)
		if err != nil {
			t.Fatal(err)
		}
		var lines strings.Builder
		for _, hash := range proof {
			fmt.Fprintln(&lines, base64.StdEncoding.EncodeToString(hash[:]))
		}
		receipt := string(read(t, "receipts/"+name))
		if !strings.HasPrefix(receipt, fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n%s\n", index, lines.String())) {
			t.Errorf("receipt %s has another proof than Go's:\n%s", name, receipt)
		}
	}
}
