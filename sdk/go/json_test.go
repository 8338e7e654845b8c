package wplug

import (
	"math"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func verdict(text []byte) string {
	if err := Check(text); err != nil {
		return strings.TrimPrefix(err.Error(), "invalid JSON at byte ")
	}
	return "ok"
}

var marks = regexp.MustCompile(`<([0-9a-f]{2}|repeat \d+ .)>`)

// expand returns a text of testdata: <hex> is a byte, <repeat N x> is N times x.
func expand(line string) string {
	return marks.ReplaceAllStringFunc(line, func(mark string) string {
		inside := mark[1 : len(mark)-1]
		if count, found := strings.CutPrefix(inside, "repeat "); found {
			number, _ := strconv.Atoi(count[:len(count)-2])
			return strings.Repeat(count[len(count)-1:], number)
		}
		value, _ := strconv.ParseUint(inside, 16, 8)
		return string([]byte{byte(value)})
	})
}

func parsed(t *testing.T, text string) *Object {
	t.Helper()
	object, err := ParseObject([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return object
}

func expect[T any](t *testing.T, found, wanted T) {
	t.Helper()
	if !reflect.DeepEqual(found, wanted) {
		t.Errorf("found %v, wanted %v", found, wanted)
	}
}

func TestTextsAreJudgedAsTestdataSays(t *testing.T) {
	file, err := os.ReadFile("../testdata/check.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	for line := range strings.Lines(string(file)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		wanted, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if found := verdict([]byte(expand(text))); found != wanted {
			t.Errorf("%.100s: found %s, wanted %s", text, found, wanted)
		}
		cases++
	}
	if cases <= 60 {
		t.Errorf("only %d cases", cases)
	}
}

func TestAnObjectGoesOutAsItCameIn(t *testing.T) {
	expect(t, string(parsed(t, " { } ").Bytes()), "{}")
	expect(t, string(parsed(t, ` {"b" : 1.50 , "a":[1, 2,{"x":"y"}],"\u0061":"q\/" } `).Bytes()),
		`{"b":1.50,"a":[1, 2,{"x":"y"}],"\u0061":"q\/"}`)
}

func TestValuesKnowTheirKind(t *testing.T) {
	record := parsed(t, `{"s":"a\"\u00e9\ud83d\ude80\ud800x","i":-42,"f":1.5,"t":true,"n":null,"a":[1, "x" ,[]],`+
		`"o":{},"big":9223372036854775808,"min":-9223372036854775808}`)
	expect(t, record.Get("s").StringOr(""), "a\"é🚀\ufffdx")
	number, ok := record.Get("i").Int()
	expect(t, number, -42)
	expect(t, ok, true)
	for _, key := range []string{"f", "big", "s", "none"} {
		_, ok = record.Get(key).Int()
		expect(t, ok, false)
	}
	number, _ = record.Get("min").Int()
	expect(t, number, math.MinInt64)
	truth, ok := record.Get("t").Bool()
	expect(t, truth && ok, true)
	expect(t, record.Get("n").Kind(), Null)
	expect(t, len(record.Get("a").Items()), 3)
	expect(t, record.Get("a").Items()[1].Text(), `"x"`)
	expect(t, record.Get("a").Strings(), []string{"x"})
	expect(t, record.Get("o").Kind(), ObjectKind)
	expect(t, record.Get("none").Present(), false)
	expect(t, record.Get("none").StringOr("other"), "other")
	expect(t, record.Get("i").StringOr("other"), "other")
}

func TestFieldsAreSetInTheirPlace(t *testing.T) {
	record := parsed(t, `{"a":1,"b":2,"c":3}`)
	record.SetString("b", "x\"\\\n\x01é")
	record.SetInt("d", math.MinInt64)
	record.SetBool(`e"`, false)
	expect(t, string(record.Bytes()), `{"a":1,"b":"x\"\\\n\u0001é","c":3,"d":-9223372036854775808,"e\"":false}`)
	expect(t, record.Rename("a", "c"), true)
	expect(t, record.Rename("nothing", "b"), false)
	expect(t, record.Remove("d"), true)
	expect(t, record.Remove("d"), false)
	expect(t, string(record.Bytes()), `{"c":1,"b":"x\"\\\n\u0001é","e\"":false}`)
}

func TestAKeyThatOccursAgainIsOneField(t *testing.T) {
	text := `{"card":1,"x":0,"\u0063ard":2,"card":3}`
	record := parsed(t, text)
	expect(t, record.Get("card").Text(), "3")
	record.SetString("card", "*")
	expect(t, string(record.Bytes()), `{"card":"*","x":0}`)
	record = parsed(t, text)
	expect(t, record.Rename("card", "y"), true)
	expect(t, string(record.Bytes()), `{"y":3,"x":0}`)
	record = parsed(t, text)
	expect(t, record.Remove("card"), true)
	expect(t, string(record.Bytes()), `{"x":0}`)
}

func TestABrokenObjectSaysWhere(t *testing.T) {
	for text, wanted := range map[string]string{
		`{"a":1,"b":}`: "invalid JSON at byte 11: invalid value",
		"[1]":          "invalid JSON at byte 0: expected an object",
		"{} x":         "invalid JSON at byte 3: text after the value",
	} {
		_, err := ParseObject([]byte(text))
		if err == nil || err.Error() != wanted {
			t.Errorf("%s: found %v, wanted %s", text, err, wanted)
		}
	}
}

func TestTextsKeptStayWhenMoreAreAdded(t *testing.T) {
	record := parsed(t, "{}")
	wanted := "{"
	for i := range 1000 {
		key := "k" + strconv.Itoa(i)
		record.SetString(key, strings.Repeat("v", i))
		wanted += `"` + key + `":"` + strings.Repeat("v", i) + `",`
	}
	expect(t, string(record.Bytes()), strings.TrimSuffix(wanted, ",")+"}")
}

func TestNumbersCompareByValue(t *testing.T) {
	for _, c := range [][3]string{
		{"1", "=", "1.000"}, {"1e3", "=", "1000"}, {"0.001E+3", "=", "1"}, {"-0", "=", "0.0e5"}, {"-1", "<", "1"},
		{"-2", "<", "-1"}, {"2", "<", "10"}, {"0.1", ">", "0.09999999999999999999999"},
		{"9007199254740993", ">", "9007199254740992"}, {"1e400", ">", "1e399"}, {"1e-400", ">", "0"},
		{"1e99999999999999999999", ">", "1"}, {"-1e99999999999999999999", "<", "1"}, {"0e99999999999999999999", "=", "0"},
	} {
		order := CompareNumbers(Value(c[0]), Value(c[2]))
		if found := map[bool]string{order < 0: "<", order > 0: ">", order == 0: "="}[true]; found != c[1] {
			t.Errorf("%s %s %s", c[0], found, c[2])
		}
		if order*CompareNumbers(Value(c[2]), Value(c[0])) > 0 {
			t.Errorf("%s and %s are each on the same side of the other", c[0], c[2])
		}
	}
}

func TestBothSDKsJudgeMutatedTextsAlike(t *testing.T) {
	const original = `{"id":"u-1\u00e9","n":[-1.5e+3,0,{"k":null}],"ok":true,"s":"plain text, 配達 and \"more\"", "z":{}}`
	const bytes = "\"\\{}[],:0123456789.eE+-ntuf \x01\x7f\x80\xc3\xe9\xf0"
	state := uint64(88172645463325252)
	below := func(bound int) int {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		return int(state % uint64(bound))
	}
	checksum := uint32(2166136261)
	for range 200_000 {
		text := []byte(original)
		for changes := 1 + below(3); changes > 0; changes-- {
			at := below(len(text))
			c := bytes[below(len(bytes))]
			switch below(3) {
			case 0:
				text[at] = c
			case 1:
				text = append(text[:at], append([]byte{c}, text[at:]...)...)
			default:
				text = append(text[:at], text[min(at+1+below(4), len(text)):]...)
			}
		}
		object, err := ParseObject(text)
		reclaimObjects()
		var said string
		if err != nil {
			said = err.Error()
		} else {
			said = string(object.Bytes())
		}
		said += verdict(text)
		for i := range len(said) {
			checksum = (checksum ^ uint32(said[i])) * 16777619
		}
	}
	expect(t, checksum, 1089584205)
}
