package wplug

import (
	"math/bits"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// One pass over JSON text that checks it and finds where values end. No recursion: nesting is a small stack of bytes. The
// C++ SDK reads by the same rules and reports the same problems at the same bytes.
type scanner struct {
	text    []byte
	at      int
	problem string
	escapes int // how many strings had so far
}

const maxDepth = 256

func (s *scanner) atEnd() bool { return s.at == len(s.text) }

func (s *scanner) skipSpace() {
	if s.at < len(s.text) && s.text[s.at] <= ' ' {
		s.skipSomeSpace()
	}
}

func (s *scanner) skipSomeSpace() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) take(c byte) bool {
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) fail(problem string) bool {
	s.problem = problem
	return false
}

// expected fails with problem, or for the lack of any text.
func (s *scanner) expected(problem string) bool {
	if s.atEnd() {
		problem = "unexpected end"
	}
	return s.fail(problem)
}

const (
	eachByte = 0x0101010101010101
	highBits = 0x8080808080808080
)

// specialBytes has the high bit of every byte that a string may not contain as it is (quote, backslash, control) or that
// is not ASCII. Only the lowest set bit is exact: a borrow may mark bytes above it.
func specialBytes(word uint64) uint64 {
	quote := (word ^ eachByte*'"') - eachByte
	backslash := (word ^ eachByte*'\\') - eachByte
	control := word - eachByte*0x20
	return (quote | backslash | control | word) & highBits
}

// plainEnd is where the run of bytes from at ends that a string may have as they are and that are ASCII: at a quote, a
// backslash, a control character, a byte above 0x7f, or the end of text. The eight bytes are loaded as one word; what
// encoding/binary does byte by byte costs a third of all the time of a plugin.
func plainEnd(text []byte, at int) int {
	base, last := unsafe.Pointer(unsafe.SliceData(text)), len(text)-8
	for at <= last {
		special := specialBytes(*(*uint64)(unsafe.Add(base, at))) // at+8 <= len(text)
		if special != 0 {
			return at + bits.TrailingZeros64(special)/8
		}
		at += 8
	}
	for at < len(text) && text[at]-0x20 < 0x60 && text[at] != '"' && text[at] != '\\' {
		at++
	}
	return at
}

func (s *scanner) skipString() bool {
	text, at := s.text, s.at
	if at == len(text) || text[at] != '"' {
		return s.expected("expected a string")
	}
	at = plainEnd(text, at+1)
	if at < len(text) && text[at] == '"' {
		s.at = at + 1
		return true
	}
	return s.skipRestOfString(at)
}

// skipRestOfString goes on from a byte that needs care.
func (s *scanner) skipRestOfString(at int) bool {
	for {
		s.at = at
		if at == len(s.text) {
			return s.fail("unterminated string")
		}
		switch c := s.text[at]; {
		case c == '"':
			s.at++
			return true
		case c < 0x20:
			return s.fail("control character in string")
		case c == '\\':
			if !s.skipEscape() {
				return false
			}
		default:
			r, size := utf8.DecodeRune(s.text[at:])
			if r == utf8.RuneError && size <= 1 {
				return s.fail("invalid UTF-8")
			}
			s.at += size
		}
		at = plainEnd(s.text, s.at)
	}
}

func (s *scanner) skipEscape() bool {
	s.escapes++
	rest := s.text[s.at:]
	size := 2
	if len(rest) >= 2 && rest[1] == 'u' {
		size = 6
	}
	if len(rest) < size {
		return s.fail("invalid escape")
	}
	switch rest[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
	case 'u':
		for _, c := range rest[2:6] {
			if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
				return s.fail("invalid escape")
			}
		}
	default:
		return s.fail("invalid escape")
	}
	s.at += size
	return true
}

func isDigit(c byte) bool { return c-'0' < 10 }

func (s *scanner) skipDigits() bool {
	first := s.at
	for s.at < len(s.text) && isDigit(s.text[s.at]) {
		s.at++
	}
	return s.at != first || s.fail("invalid number")
}

func (s *scanner) skipNumber() bool {
	s.take('-')
	if !s.take('0') && !s.skipDigits() {
		return false
	}
	if s.take('.') && !s.skipDigits() {
		return false
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		return s.skipDigits()
	}
	return true
}

func (s *scanner) skipWord(word string) bool {
	if len(s.text)-s.at < len(word) || string(s.text[s.at:s.at+len(word)]) != word {
		return s.fail("invalid value")
	}
	s.at += len(word)
	return true
}

func (s *scanner) skipScalar() bool {
	switch c := s.text[s.at]; {
	case c == '"':
		return s.skipString()
	case c == 't':
		return s.skipWord("true")
	case c == 'f':
		return s.skipWord("false")
	case c == 'n':
		return s.skipWord("null")
	case c == '-' || isDigit(c):
		return s.skipNumber()
	}
	return s.fail("invalid value")
}

// skipKey goes past a string and the colon behind it.
func (s *scanner) skipKey() bool {
	s.skipSpace()
	if !s.skipString() {
		return false
	}
	s.skipSpace()
	return s.take(':') || s.expected("expected ':'")
}

// closeContainers leaves the containers that end behind a value, and goes past a comma and a key to the next value if
// there is one. It returns the closers of the containers that are still open.
func (s *scanner) closeContainers(closers []byte) ([]byte, bool) {
	for len(closers) > 0 {
		s.skipSpace()
		closer := closers[len(closers)-1]
		if s.take(',') {
			return closers, closer == ']' || s.skipKey()
		}
		if !s.take(closer) {
			return closers, s.expected("expected ',' or '" + string(closer) + "'")
		}
		closers = closers[:len(closers)-1]
	}
	return closers, true
}

// openContainer goes into the container that starts here, to its first value. It returns false as its second value when
// there is none, with the scanner at the closer, or when there is a problem.
func (s *scanner) openContainer(closers []byte) ([]byte, bool) {
	if len(closers) == maxDepth {
		return closers, s.fail("nested too deeply")
	}
	closer := s.text[s.at] + 2 // '{' and '}', '[' and ']' are two apart
	closers = append(closers, closer)
	s.at++
	s.skipSpace()
	if s.at < len(s.text) && s.text[s.at] == closer {
		return closers, false
	}
	return closers, closer == ']' || s.skipKey()
}

func (s *scanner) skipValue() bool {
	s.skipSpace()
	if !s.atEnd() && s.text[s.at] != '{' && s.text[s.at] != '[' {
		return s.skipScalar()
	}
	var room [maxDepth]byte
	closers, ok := room[:0], true
	for {
		s.skipSpace()
		switch {
		case s.atEnd():
			return s.fail("unexpected end")
		case s.text[s.at] == '{' || s.text[s.at] == '[':
			var inside bool
			if closers, inside = s.openContainer(closers); inside {
				continue
			}
			if s.problem != "" {
				return false
			}
		case !s.skipScalar():
			return false
		}
		if closers, ok = s.closeContainers(closers); !ok || len(closers) == 0 {
			return ok
		}
	}
}

// A SyntaxError says what is wrong with a text that should be JSON, and at which byte.
type SyntaxError struct {
	Offset  int
	Problem string
}

func (e *SyntaxError) Error() string {
	return "invalid JSON at byte " + strconv.Itoa(e.Offset) + ": " + e.Problem
}

func (s *scanner) err() error { return &SyntaxError{s.at, s.problem} }

// end says whether nothing but white space is left.
func (s *scanner) end() bool {
	s.skipSpace()
	return s.atEnd() || s.fail("text after the value")
}

// Check returns nil when text is one JSON value with nothing but white space around it.
func Check(text []byte) error {
	s := scanner{text: text}
	if !s.skipValue() || !s.end() {
		return s.err()
	}
	return nil
}
