package wplug

import (
	"errors"
	"strings"
	"testing"
)

func TestConfigIsAskedOnceAndKept(t *testing.T) {
	ForgetConfig()
	Host.Config = map[string]string{"name": `"Ada"`, "long": `"` + strings.Repeat("x", 1000) + `"`, "broken": "{"}
	expect(t, Config("name").StringOr(""), "Ada")
	expect(t, len(Config("long").Text()), 1002)
	expect(t, Config("broken").Present(), false)
	expect(t, Config("none").Present(), false)
	Host.Config["name"] = `"Bob"`
	expect(t, Config("name").StringOr(""), "Ada")
}

func TestHTTPGetReturnsBodiesOfAnySizeAndTheHostsReason(t *testing.T) {
	Host.Pages = map[string]string{"http://a/small": "hi", "http://a/large": strings.Repeat("y", 100_000)}
	body, err := HTTPGet("http://a/small")
	expect(t, string(body), "hi")
	expect(t, err, nil)
	body, _ = HTTPGet("http://a/large")
	expect(t, len(body), 100_000)
	_, err = HTTPGet("http://b/")
	expect(t, errors.Is(err, ErrDenied), true)
	expect(t, err.Error(), "http_get http://b/: domain not allowed")
}

func TestLogAndHeadersReachTheHost(t *testing.T) {
	Log("100%")
	Logf("%d records", 3)
	SetHeader("x-kind", "test")
	expect(t, Host.Logged, []string{"100%", "3 records"})
	expect(t, Host.Headers["x-kind"], "test")
}
