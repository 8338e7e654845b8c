//go:build !wasip1

package wplug

// Host stands in for the host in native builds, so that plugins can be tested with `go test`.
var Host = struct {
	Config  map[string]string // JSON text by key
	Pages   map[string]string // body by URL; others are denied
	Logged  []string
	Headers map[string]string
}{Config: map[string]string{}, Pages: map[string]string{}, Headers: map[string]string{}}

func hostLog(message string) { Host.Logged = append(Host.Logged, message) }

func hostGetConfig(key string, out []byte) int32 {
	text, found := Host.Config[key]
	if !found {
		return -1
	}
	copy(out, text)
	return int32(len(text))
}

func hostHTTPGet(url string, out []byte) int32 {
	body, found := Host.Pages[url]
	if !found {
		return -2
	}
	copy(out, body)
	return int32(len(body))
}

func hostSetHeader(key, value string) { Host.Headers[key] = value }

// ForgetConfig makes Config ask again, for tests that change Host.Config.
func ForgetConfig() { settings = map[string]Value{} }
