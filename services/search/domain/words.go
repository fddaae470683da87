package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Word is a word of a text: folded, and where it stands in the text, in bytes.
type Word struct {
	Text       string
	Start, End int
}

// A longer run of letters is cut: it is no word, and terms in the index are bounded.
const wordBytes = 128

// Words are the words of a text in their order: runs of letters and digits, with the signs of `C++` and `C#`. Scripts
// that put no space between words give a word for each character.
func Words(text string) []Word {
	var words []Word
	for at := 0; at < len(text); {
		first, size := utf8.DecodeRuneInString(text[at:])
		if !wordly(first) {
			at += size
			continue
		}
		end := at + size
		if !alone(first) {
			end = wordEnd(text, end)
		}
		if folded := Fold(text[at:end]); folded != "" {
			words = append(words, Word{folded, at, end})
		}
		at = end
	}
	return words
}

// wordEnd is where the word ends that goes on at `from`.
func wordEnd(text string, from int) int {
	end := from
	for end < len(text) {
		next, size := utf8.DecodeRuneInString(text[end:])
		if !wordly(next) && !apostrophe(next, text[end+size:]) || alone(next) || end-from+size > wordBytes {
			break
		}
		end += size
	}
	if strings.HasPrefix(text[end:], "++") {
		return end + 2
	}
	if rest, sharp := strings.CutPrefix(text[end:], "#"); sharp && !startsWord(rest) {
		return end + 1
	}
	return end
}

func wordly(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.M) }

// alone says whether a character is a word by itself.
func alone(r rune) bool {
	return r > 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao,
		unicode.Khmer, unicode.Myanmar)
}

func apostrophe(r rune, rest string) bool { return (r == '\'' || r == '’') && startsWord(rest) }

func startsWord(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return wordly(r)
}

// Letters that no decomposition takes apart, as people type them on a keyboard without them.
var plain = strings.NewReplacer("ß", "ss", "ø", "o", "ł", "l", "đ", "d", "æ", "ae", "œ", "oe", "ı", "i", "'", "", "’", "")

// Fold makes texts equal that people take for equal: case, accents and width do not count.
func Fold(text string) string {
	if ascii(text) {
		return strings.ReplaceAll(strings.ToLower(text), "'", "")
	}
	bare := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(text))
	return norm.NFC.String(plain.Replace(bare))
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
