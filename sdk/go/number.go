package wplug

// beyond it all exponents count as the same
const maxExponent = 100_000_000_000_000_000

// 0.d₀d₁d₂… × 10^point with d₀ ≠ 0, or zero. Digits are those of whole and then fraction, from first on.
type decimal struct {
	negative        bool
	zero            bool
	whole, fraction []byte
	first           int
	point           int64
}

func (d *decimal) digits() int { return len(d.whole) + len(d.fraction) }

func (d *decimal) digit(i int) byte {
	switch {
	case i < len(d.whole):
		return d.whole[i]
	case i < d.digits():
		return d.fraction[i-len(d.whole)]
	}
	return '0'
}

func (d *decimal) sign() int {
	switch {
	case d.zero:
		return 0
	case d.negative:
		return -1
	}
	return 1
}

func readExponent(text []byte) int64 {
	var value int64
	for _, c := range text {
		if isDigit(c) {
			value = min(value*10+int64(c-'0'), maxExponent)
		}
	}
	if len(text) > 0 && text[0] == '-' {
		return -value
	}
	return value
}

func readDecimal(text []byte) decimal {
	var d decimal
	d.negative = len(text) > 0 && text[0] == '-'
	if d.negative {
		text = text[1:]
	}
	dot, end := -1, len(text)
	for i, c := range text {
		if c == '.' {
			dot = i
		} else if c|0x20 == 'e' {
			end = i
			break
		}
	}
	var exponent int64
	if end < len(text) {
		exponent = readExponent(text[end+1:])
	}
	if dot < 0 {
		d.whole = text[:end]
	} else {
		d.whole, d.fraction = text[:dot], text[dot+1:end]
	}
	for d.first < d.digits() && d.digit(d.first) == '0' {
		d.first++
	}
	d.zero = d.first == d.digits()
	d.point = int64(len(d.whole)-d.first) + exponent
	return d
}

func compareMagnitudes(a, b *decimal) int {
	if a.point != b.point {
		if a.point < b.point {
			return -1
		}
		return 1
	}
	for i := range max(a.digits()-a.first, b.digits()-b.first) {
		if difference := int(a.digit(a.first+i)) - int(b.digit(b.first+i)); difference != 0 {
			return difference
		}
	}
	return 0
}

// CompareNumbers compares two JSON numbers by value, exactly, however many digits they have: below 0, 0, or above 0.
func CompareNumbers(a, b Value) int {
	left, right := readDecimal(a), readDecimal(b)
	if left.sign() != right.sign() || left.zero {
		return left.sign() - right.sign()
	}
	magnitude := compareMagnitudes(&left, &right)
	if left.negative {
		return -magnitude
	}
	return magnitude
}
