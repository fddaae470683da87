package index

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOneProcessHasTheShelf(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	shelf, err := OpenShelf(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenShelf(dir); err == nil {
		t.Error("two have it")
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("its mode is %o", info.Mode().Perm())
	}
	if err := shelf.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := OpenShelf(dir)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Release()
}

func TestTheShelfKeepsThePromotedEditionAndNoOther(t *testing.T) {
	dir := t.TempDir()
	shelf, err := OpenShelf(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer shelf.Release()
	first, err := shelf.Current()
	if err != nil {
		t.Fatal(err)
	}
	next, _ := shelf.New()
	keep(t, next.(*Index), course(1, "Kept"))
	unfinished, _ := shelf.New()
	if err := shelf.Promote(next, first, "someone asked"); err != nil {
		t.Fatal(err)
	}
	for _, each := range []*Index{first.(*Index), next.(*Index), unfinished.(*Index)} {
		_ = each.close() // as a kill leaves them
	}
	again, err := shelf.Current()
	if err != nil {
		t.Fatal(err)
	}
	defer shelf.Close(again)
	if count, _ := again.Count(); count != 1 {
		t.Errorf("%d courses", count)
	}
	if known, _ := again.Requested("someone asked"); !known {
		t.Error("the request is forgotten")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "edition-*")); len(left) != 1 {
		t.Errorf("left: %q", left)
	}
}

func TestABrokenIndexIsBegunAnew(t *testing.T) {
	dir := t.TempDir()
	shelf, _ := OpenShelf(dir)
	defer shelf.Release()
	first, err := shelf.Current()
	if err != nil {
		t.Fatal(err)
	}
	broken := first.(*Index)
	keep(t, broken, course(1, "Lost"))
	_ = broken.close()
	for _, name := range []string{"ledger.db", "text/root.bolt"} {
		if err := os.WriteFile(filepath.Join(broken.dir, name), []byte("garbage"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again, err := shelf.Current()
	if err != nil {
		t.Fatal(err)
	}
	defer shelf.Close(again)
	if at, _ := again.Position(coursesStream); at.Sequence != 0 {
		t.Errorf("it goes on at %d", at.Sequence)
	}
}
