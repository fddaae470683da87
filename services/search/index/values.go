package index

import (
	bleve "github.com/blevesearch/bleve_index_api"
)

// values reads the values of some fields by document.
type values struct {
	reader bleve.DocValueReader
	number bleve.IndexInternalID
}

func valuesOf(reader bleve.IndexReader, fields ...string) (values, error) {
	made, err := reader.DocValueReader(fields)
	return values{reader: made}, err
}

// visit visits the values of one document. They are good only as long as the visit lasts.
func (v *values) visit(document uint64, visit func(field string, value []byte)) error {
	v.number = bleve.NewIndexInternalID(v.number, document)
	return v.reader.VisitDocValues(v.number, visit)
}
