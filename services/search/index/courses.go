package index

import (
	"bytes"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

// Phrases begin at each of so many first words of a title, and are so long at most.
const (
	phraseWords = 16
	phraseBytes = 120
)

const (
	titleKind = 'c'
	tagKind   = 't'
)

// keepCourse writes a course unless a newer version of it is known, and says whether it did.
func keepCourse(tx *bolt.Tx, course domain.Course) (bool, error) {
	id, err := packed(course.ID)
	if err != nil {
		return false, err
	}
	held, known, err := readCourse(tx, id)
	if err != nil || known && course.OlderThan(held) {
		return false, err
	}
	if known && held.Listed {
		if err := unlist(tx, id, held); err != nil {
			return false, err
		}
	}
	raw, err := encode(course)
	if err != nil {
		return false, err
	}
	if err := tx.Bucket(courses).Put(id, raw); err != nil {
		return false, err
	}
	return true, listIf(tx, id, course)
}

func listIf(tx *bolt.Tx, id []byte, course domain.Course) error {
	if !course.Listed {
		return tx.Bucket(lessons).Delete(id)
	}
	if err := tx.Bucket(lessons).Put(id, joined(course.Lessons)); err != nil {
		return err
	}
	return list(tx, id, course)
}

// list puts a course among those that are suggested and recommended.
func list(tx *bolt.Tx, id []byte, course domain.Course) error {
	for _, key := range titleKeys(id, course.Title) {
		if err := tx.Bucket(phrases).Put(key, []byte(course.Title)); err != nil {
			return err
		}
	}
	for _, tag := range distinct(course.Tags) {
		if err := countTag(tx, tag, 1); err != nil {
			return err
		}
	}
	return tx.Bucket(popular).Put(popularKey(tx, id), present)
}

func unlist(tx *bolt.Tx, id []byte, course domain.Course) error {
	for _, key := range titleKeys(id, course.Title) {
		if err := tx.Bucket(phrases).Delete(key); err != nil {
			return err
		}
	}
	for _, tag := range distinct(course.Tags) {
		if err := countTag(tx, tag, -1); err != nil {
			return err
		}
	}
	return tx.Bucket(popular).Delete(popularKey(tx, id))
}

func popularKey(tx *bolt.Tx, id []byte) []byte {
	return append(numbered(number(tx.Bucket(learners).Get(id))), id...)
}

// countTag counts a listed course in or out of a tag; a tag without one is suggested no more.
func countTag(tx *bolt.Tx, tag string, change int64) error {
	if tag == "" {
		return nil
	}
	now, err := add(tx.Bucket(tags), []byte(tag), change)
	if err != nil {
		return err
	}
	for _, key := range phraseKeys(tag, append([]byte{tagKind}, tag...)) {
		if now > 0 {
			err = tx.Bucket(phrases).Put(key, []byte(tag))
		} else {
			err = tx.Bucket(phrases).Delete(key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func titleKeys(id []byte, title string) [][]byte {
	return phraseKeys(title, append([]byte{titleKind}, id...))
}

// phraseKeys are a text's phrases from each of its words on. The first byte after the phrase says where it begins, then
// comes the owner.
func phraseKeys(text string, owner []byte) [][]byte {
	words := strings.Split(domain.Phrase(text), " ")
	var keys [][]byte
	for i := 0; i < min(len(words), phraseWords) && words[i] != ""; i++ {
		phrase := strings.Join(words[i:], " ")
		key := append([]byte(phrase[:min(len(phrase), phraseBytes)]), 0, first(i))
		keys = append(keys, append(key, owner...))
	}
	return keys
}

// first marks a phrase that begins where the text does.
func first(word int) byte {
	if word == 0 {
		return 'w'
	}
	return 'p'
}

func readCourse(tx *bolt.Tx, id []byte) (domain.Course, bool, error) {
	raw := tx.Bucket(courses).Get(id)
	if raw == nil {
		return domain.Course{}, false, nil
	}
	course, err := decode(unpacked(id), raw)
	return course, err == nil, err
}

// readWhole reads a course with its lessons.
func readWhole(tx *bolt.Tx, id []byte) (domain.Course, bool, error) {
	course, known, err := readCourse(tx, id)
	course.Lessons = split(bytes.Clone(tx.Bucket(lessons).Get(id)))
	return course, known, err
}

func distinct(values []string) []string {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
