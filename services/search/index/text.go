package index

import (
	"fmt"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/blevesearch/bleve/v2/index/scorch"
	bleve "github.com/blevesearch/bleve_index_api"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

// The error of a background task of the text index is noted under the path of that index.
const asyncErrors = "coursemesh"

// Which text indexes, by path, failed in the background and have not written since.
var broken sync.Map

func init() {
	scorch.RegistryAsyncErrorCallbacks[asyncErrors] = func(err error, path string) { broken.Store(path, err) }
}

// textIndex is the open text index.
type textIndex struct {
	bleve.Index
	path  string
	queue *bleve.AnalysisQueue
}

func openText(dir string) (*textIndex, error) {
	path, queue := filepath.Join(dir, "text"), bleve.NewAnalysisQueue(runtime.GOMAXPROCS(0))
	opened, err := scorch.NewScorch(scorch.Name, map[string]any{
		"path":                   path,
		"bolt_timeout":           lockWait.String(),
		"asyncErrorCallbackName": asyncErrors,
		// A batch is on the disk when it returns: a position must not come before what it stands for.
		"unsafe_batch": false,
	}, queue)
	if err == nil {
		err = opened.Open()
	}
	if err != nil {
		queue.Close()
		return nil, fmt.Errorf("the text index: %w", err)
	}
	return &textIndex{opened, path, queue}, nil
}

// put writes these courses, or takes them out, and the position, all in one.
func (t *textIndex) put(courses []domain.Course, key, position []byte) error {
	batch := bleve.NewBatch()
	for _, course := range courses {
		if course.Listed {
			batch.Update(documentOf(course))
		} else {
			batch.Delete(course.ID)
		}
	}
	batch.SetInternal(key, position)
	if err := t.Batch(batch); err != nil {
		return fmt.Errorf("the text index: %w", err)
	}
	broken.Delete(t.path)
	return nil
}

func (t *textIndex) internal(key []byte) ([]byte, error) {
	reader, err := t.Reader()
	if err != nil {
		return nil, fmt.Errorf("the text index: %w", err)
	}
	defer reader.Close()
	return reader.GetInternal(key)
}

func (t *textIndex) count() (int64, error) {
	reader, err := t.Reader()
	if err != nil {
		return 0, fmt.Errorf("the text index: %w", err)
	}
	defer reader.Close()
	count, err := reader.DocCount()
	return int64(count), err
}

func (t *textIndex) close() error {
	defer t.queue.Close()
	broken.Delete(t.path)
	return t.Close()
}
