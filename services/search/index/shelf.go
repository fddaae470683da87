package index

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/coursemesh/coursemesh/services/search/usecases"
)

// The layout of an edition. One of another layout is not opened but built anew.
const layout = "1"

// How many requests to build are remembered.
const mostRequests = 1_000

// Shelf keeps editions in a directory: `current` names the one in use.
type Shelf struct {
	dir  string
	lock *os.File
}

var _ usecases.Shelf = (*Shelf)(nil)

// OpenShelf takes the directory for this process, and makes it if need be.
func OpenShelf(dir string) (*Shelf, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("%s: %w", dir, ErrInUse)
	}
	return &Shelf{dir, lock}, nil
}

// Release lets another process have the directory.
func (s *Shelf) Release() error { return s.lock.Close() }

// Current opens the current edition, and removes every other one: a build that did not end. What cannot be opened is
// nothing that the streams could not give again, so an empty edition takes its place.
func (s *Shelf) Current() (usecases.Edition, error) {
	name := s.named()
	if err := s.removeBut(name); err != nil {
		return nil, err
	}
	if name != "" {
		opened, err := Open(filepath.Join(s.dir, name))
		if err == nil {
			return opened, nil
		}
		slog.Warn("the index cannot be opened; it is built anew", "error", err.Error())
		if err := os.RemoveAll(filepath.Join(s.dir, name)); err != nil {
			return nil, err
		}
	}
	return s.first()
}

func (s *Shelf) first() (usecases.Edition, error) {
	made, err := s.New()
	if err != nil {
		return nil, err
	}
	return made, s.Promote(made, nil, "")
}

// New begins an edition. It is gone at the next start unless it is promoted.
func (s *Shelf) New() (usecases.Edition, error) {
	dir, err := os.MkdirTemp(s.dir, "edition-"+layout+"-")
	if err != nil {
		return nil, err
	}
	return Open(dir)
}

// Promote makes an edition the current one, for this process and the next.
func (s *Shelf) Promote(edition, before usecases.Edition, request string) error {
	made := edition.(*Index)
	var earlier map[string]string
	if before != nil {
		var err error
		if earlier, err = before.(*Index).requested(); err != nil {
			return err
		}
	}
	if err := made.complete(earlier, request, time.Now().UTC()); err != nil {
		return err
	}
	return s.name(filepath.Base(made.dir))
}

// Discard closes an edition and removes it.
func (s *Shelf) Discard(edition usecases.Edition) error {
	old := edition.(*Index)
	return errors.Join(old.close(), os.RemoveAll(old.dir))
}

// Close closes an edition and keeps it.
func (s *Shelf) Close(edition usecases.Edition) error { return edition.(*Index).close() }

func (s *Shelf) named() string {
	raw, err := os.ReadFile(filepath.Join(s.dir, "current"))
	name := strings.TrimSpace(string(raw))
	if err != nil || !strings.HasPrefix(name, "edition-"+layout+"-") || name != filepath.Base(name) {
		return ""
	}
	return name
}

// name writes which edition is current, all or nothing, and waits until it is on the disk.
func (s *Shelf) name(edition string) error {
	path := filepath.Join(s.dir, "current")
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(edition + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (s *Shelf) removeBut(name string) error {
	found, err := filepath.Glob(filepath.Join(s.dir, "edition-*"))
	if err != nil {
		return err
	}
	for _, path := range found {
		if filepath.Base(path) != name {
			err = errors.Join(err, os.RemoveAll(path))
		}
	}
	return err
}

// Requested says whether the build was asked for under this name.
func (x *Index) Requested(request string) (bool, error) {
	known := false
	err := x.ledger.View(func(tx *bolt.Tx) error {
		known = tx.Bucket(requests).Get([]byte(request)) != nil
		return nil
	})
	return known, err
}

func (x *Index) requested() (map[string]string, error) {
	found := map[string]string{}
	err := x.ledger.View(func(tx *bolt.Tx) error {
		return tx.Bucket(requests).ForEach(func(name, when []byte) error {
			found[string(name)] = string(when)
			return nil
		})
	})
	return found, err
}

// complete notes that the build is complete, and who asked for it and for those before.
func (x *Index) complete(earlier map[string]string, request string, now time.Time) error {
	when, err := now.MarshalText()
	if err != nil {
		return err
	}
	if request != "" {
		if earlier == nil {
			earlier = map[string]string{}
		}
		earlier[request] = string(when)
	}
	return x.ledger.Update(func(tx *bolt.Tx) error {
		for _, name := range newest(earlier, mostRequests) {
			if err := tx.Bucket(requests).Put([]byte(name), []byte(earlier[name])); err != nil {
				return err
			}
		}
		return tx.Bucket(state).Put(builtKey, when)
	})
}
