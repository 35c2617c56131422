package ledger

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
)

func leafHashes(bundle []byte) ([][]byte, error) {
	var parsed api.EntryBundle
	if err := parsed.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, entry := range parsed.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}

func check(t *testing.T, dir string) error {
	// A worker of v1.0.4 ends at the first error, and Check waits for ever once all have: so there are more than tiles.
	return fsck.New(origin, verifier(t), client.FileFetcher{Root: dir}, leafHashes, fsck.Opts{N: 1024}).Check(context.Background())
}

func TestTesseraFsckAcceptsTheFolder(t *testing.T) {
	if err := check(t, filepath.Join(folder(t), "ledger")); err != nil {
		t.Fatal(err)
	}
}

// copyOf links every file of the ledger into a new folder but the one named, which it copies with one byte changed.
func copyOf(t *testing.T, changed string) string {
	t.Helper()
	from, to, found := filepath.Join(folder(t), "ledger"), t.TempDir(), false
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(from, path)
		target := filepath.Join(to, name)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if name == changed {
			found = true
			data[len(data)/2] ^= 1
		}
		return os.WriteFile(target, data, 0o644)
	})
	if err != nil || !found {
		t.Fatalf("%s: changed %v, %v", changed, found, err)
	}
	return to
}

func TestTesseraFsckRefusesATamperedFolder(t *testing.T) {
	tree := newest(t)
	last := tree.N / 256
	for _, name := range []string{
		"checkpoint", "tile/entries/000", "tile/0/000", "tile/1/000", bundlePath(last, int(tree.N%256)),
		strings.Replace(bundlePath(last, int(tree.N%256)), "entries", "0", 1),
	} {
		t.Run(strings.ReplaceAll(name, "/", "_"), func(t *testing.T) {
			if check(t, copyOf(t, name)) == nil {
				t.Errorf("fsck did not find the changed byte in %s", name)
			}
		})
	}
}
