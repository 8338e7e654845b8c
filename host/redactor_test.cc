#include "wplug/redactor.h"

#include <doctest/doctest.h>

#include "host/pattern_services.h"

namespace wplug {
namespace {

std::shared_ptr<const Redactor> made(RedactionConfig config, const std::map<std::string, std::string>* environment = nullptr) {
  // Links the services into the tests.
  REQUIRE(wplug_pattern_services() != nullptr);
  auto redactor = Redactor::create(std::move(config), environment);
  REQUIRE_MESSAGE(redactor.ok(), redactor.error().message());
  return *redactor;
}

std::shared_ptr<const Redactor> builtin() {
  RedactionConfig config;
  config.builtin = true;
  return made(config);
}

std::string chars(size_t count) {
  static constexpr std::string_view kChars = "aB3dE5gH7jK9mN1pQ2sT4vW6";
  std::string text;
  while (text.size() < count) text += kChars[text.size() % kChars.size()];
  return text;
}
// Put together here, so that no scanner takes this file for a leak.
std::string token(const char* prefix, size_t count) { return prefix + chars(count); }
std::string upper(size_t count) { return std::string(count, 'Q'); }

struct Shape {
  const char* name;
  std::string secret;   // masked in each text
  std::string before;   // stays
  std::string after;    // stays
  std::string near_miss;  // untouched
};

std::vector<Shape> shapes() {
  const std::string key_text = "-----BEGIN RSA PRIVATE KEY-----\nMIIE" + chars(60) + "\n" + chars(64) + "\n-----END RSA PRIVATE KEY-----";
  return {
      {"aws access key", "AKIA" + upper(16), "id ", " end", "id AKIA" + upper(15) + " end"},
      {"aws session key", "ASIA" + upper(16), "id=", ";", "XASIA" + upper(16)},
      {"aws secret key", chars(40), "aws_secret_access_key = ", "\n", "aws_access_key = " + chars(40)},
      {"aws secret key in JSON", chars(40), "\"SecretAccessKey\": \"", "\"", "\"SecretAccessKey\": \"" + chars(41) + "\""},
      {"gcp api key", token("AIza", 35), "key=", "", token("AIza", 34)},
      {"google oauth", token("ya29.", 30), "t ", "", "ya29.short"},
      {"azure storage key", chars(86) + "==", "AccountName=x;AccountKey=", ";EndpointSuffix=y", "AccountKey=" + chars(40)},
      {"azure signature", token("", 44) + "=", "https://h/c?sv=1&sig=", "&x=1", "https://h/c?sv=1&sig=short"},
      {"github token", token("ghp_", 36), "use ", ".", token("ghp_", 35)},
      {"github fine-grained token", token("github_pat_", 82), "", " ", token("github_pat_", 20)},
      {"gitlab token", token("glpat-", 20), "", "", token("glpat-", 19)},
      {"slack token", token("xoxb-123-", 24), "say ", "!", "xoxb-1"},
      {"slack webhook", "T0/" + chars(30), "https://hooks.slack.com/services/", " ", "https://hooks.slack.com/help"},
      {"stripe key", token("sk_live_", 24), "", "", token("pk_live_", 24)},
      {"npm token", token("npm_", 36), "", "", token("npm_", 37)},
      {"npmrc token", chars(20), "//r/:_authToken=", "", "_authToken=none"},
      {"pypi token", token("pypi-AgEIcHlwaS5vcmc", 60), "", "", "pypi-server-is-a-program"},
      {"sendgrid key", "SG." + chars(22) + "." + chars(43), "", "", "SG.short.name"},
      {"model service key", token("sk-proj-", 40), "", "", "sk-in-a-word"},
      {"json web token", "eyJ" + chars(20) + ".eyJ" + chars(30) + "." + chars(40), "t=", " ", "eyJ" + chars(20) + "." + chars(30)},
      {"unsigned web token", "eyJ" + chars(20) + ".eyJ" + chars(30) + ".", "t=", "", "eyJa.eyJb."},
      {"url password", "p@ss:w0rd", "postgres://admin:", "@db.example.com/x", "https://example.com:8080/a@b"},
      {"authorization basic", "dXNlcjpwYXNz", "Authorization: Basic ", "", "authorization: denied by policy"},
      {"authorization bearer", chars(12), "\"authorization\":\"Bearer ", "\"", "authorization of a bearer"},
      {"bearer", chars(24), "sent bearer ", ",", "the bearer of bad news"},
      {"api key header", chars(20), "X-API-Key: ", "", "x-api-keys are many"},
      {"password assigned", "hunter22", "login password=", "&x=1", "password=abc"},
      {"password quoted", "correct horse", "{\"password\": \"", "\"}", "the password: see the manual"},
      {"private key block", key_text, "key: ", "\nafter", "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----"},
      {"private key block of one line", "-----BEGIN PRIVATE KEY-----\\nabc\\n-----END PRIVATE KEY-----", "k=", "\\n", "-----BEGIN PUBLIC KEY-----"},
  };
}

TEST_CASE("each secret that is known by its shape is masked and what is like it is not") {
  const auto redactor = builtin();
  for (const Shape& shape : shapes()) {
    CAPTURE(shape.name);
    CHECK(redactor->redact(shape.before + shape.secret + shape.after) == shape.before + "[REDACTED]" + shape.after);
    CHECK(redactor->redact(shape.near_miss) == shape.near_miss);
  }
}

TEST_CASE("masked text stays as it is when it is masked again") {
  RedactionConfig config;
  config.builtin = true;
  const auto redactor = made(config);
  for (const Shape& shape : shapes()) {
    const std::string once = redactor->redact(shape.before + shape.secret + shape.after);
    CHECK(redactor->redact(once) == once);
  }
}

TEST_CASE("a key block without end is masked to the end of the text") {
  CHECK(builtin()->redact("a\n-----BEGIN EC PRIVATE KEY-----\nMHc\nmore\n") == "a\n[REDACTED]");
}

TEST_CASE("own patterns mask all they match, or the group that is named secret") {
  RedactionConfig config;
  config.patterns = {R"(ticket-\d{4})", R"(pin (?P<secret>\d+))"};
  const auto redactor = made(config);
  CHECK(redactor->redact("ticket-1234 ticket-123 pin 99\npin x") == "[REDACTED] ticket-123 pin [REDACTED]\npin x");
  CHECK(redactor->redact("AKIA" + upper(16)) == "AKIA" + upper(16));
}

TEST_CASE("what is not a pattern is refused by its text") {
  RedactionConfig config;
  config.patterns = {"fine", "(open"};
  const auto redactor = Redactor::create(config);
  REQUIRE(!redactor.ok());
  CHECK(redactor.error().kind() == ErrorKind::misuse);
  CHECK(redactor.error().message().starts_with("\"(open\" is not a pattern: "));
}

TEST_CASE("matches that overlap are one mask") {
  RedactionConfig config;
  config.patterns = {"abcd", "cdef", "zz"};
  CHECK(made(config)->redact("xabcdefx zzzz") == "x[REDACTED]x [REDACTED][REDACTED]");
}

TEST_CASE("known values are found as they are, in base64, in URLs and in JSON") {
  RedactionConfig config;
  config.values = {"s3cr3t/\"key+with more"};
  const auto redactor = made(config);
  for (const char* text : {"s3cr3t/\"key+with more", "s3cr3t%2F%22key%2Bwith%20more", "s3cr3t%2f%22key%2bwith+more",
                           R"(s3cr3t/\"key+with more)"}) {
    CAPTURE(text);
    CHECK(redactor->redact(std::string("<") + text + ">") == "<[REDACTED]>");
  }
  // base64 of "user:" and the value, of the value with one and two bytes before it.
  for (const char* text : {"dXNlcjpzM2NyM3QvImtleSt3aXRoIG1vcmU=", "czNjcjN0LyJrZXkrd2l0aCBtb3Jl", "OnMzY3IzdC8ia2V5K3dpdGggbW9yZQ=="}) {
    CAPTURE(text);
    CHECK(redactor->redact(text).find("[REDACTED]") != std::string::npos);
    CHECK(redactor->redact(text).size() < 20);
  }
  CHECK(redactor->redact("s3cr3t/key") == "s3cr3t/key");
}

TEST_CASE("values of variables are secrets when their names are given") {
  const std::map<std::string, std::string> environment = {
      {"AWS_TOKEN", "first-value"}, {"HOME", "/home/me-and-you"}, {"AWS_ID", "abc"}, {"AWS_PEM", "line-one\nline-two\n"}};
  RedactionConfig config;
  config.values_from_env = {"AWS_*"};
  const auto redactor = made(config, &environment);
  CHECK(redactor->redact("first-value abc /home/me-and-you") == "[REDACTED] abc /home/me-and-you");
  CHECK(redactor->redact("line-one\nline-two") == "[REDACTED]\n[REDACTED]");
  REQUIRE(redactor->warnings().size() == 1);
  CHECK(redactor->warnings()[0] == "the variable AWS_ID has fewer than 6 bytes and is not looked for");
}

TEST_CASE("values of the plugin's configuration are secrets when their keys are given") {
  RedactionConfig config;
  config.values_from_config = {"token", "missing"};
  const auto redactor = made(with_config_values(config, {{"token", R"("tok\"en-1")"}, {"url", R"("http://x")"}}));
  CHECK(redactor->redact("tok\"en-1 http://x") == "[REDACTED] http://x");
}

TEST_CASE("one known value that begins another does not leave the rest of it") {
  RedactionConfig config;
  config.values = {"password", "password-and-more"};
  CHECK(made(config)->redact("password-and-more") == "[REDACTED]");
}

TEST_CASE("JSON values at paths are masked, whatever they are, and the rest stays as it is written") {
  RedactionConfig config;
  config.paths = {"user.password", "*.token", "items[*].secret", "**.pin", "list[1]"};
  const auto redactor = made(config);
  CHECK(redactor->redact_json(R"( {"user": {"password":"x", "name" : "n\u0041"}, "a":{"token":{"b":[1,"]}"]},"t":1.50}} )") ==
        R"( {"user": {"password":"[REDACTED]", "name" : "n\u0041"}, "a":{"token":"[REDACTED]","t":1.50}} )");
  CHECK(redactor->redact_json(R"({"items":[{"secret":1},{"secret":true,"x":{"y":[{"pin":[]}]}},{"secret":null}],"list":[1,2,3]})") ==
        R"({"items":[{"secret":"[REDACTED]"},{"secret":"[REDACTED]","x":{"y":[{"pin":"[REDACTED]"}]}},{"secret":null}],"list":[1,"[REDACTED]",3]})");
  for (const char* same : {"[]", "{}", "1", "\"user.password\"", R"({"password":"x"})", "[{\"a\":[[],{}]}]"}) {
    CHECK(redactor->redact_json(same) == same);
  }
}

TEST_CASE("strings in JSON are masked as text is, and stay JSON") {
  const auto redactor = builtin();
  const std::string key = "AKIA" + upper(16);
  CHECK(redactor->redact_json("{\"" + key + "\":[\"a\\n\\\"" + key + "\\\"\"]}") == R"({"[REDACTED]":["a\n\"[REDACTED]\""]})");
  CHECK(redactor->redact_json(R"(["-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\nx"])") == R"(["[REDACTED]\nx"])");
  // Known by the key in front of it.
  CHECK(redactor->redact_json("{\"secret_access_key\":\"" + chars(40) + "\",\"id\":\"" + chars(40) + "\"}") ==
        "{\"secret_access_key\":\"[REDACTED]\",\"id\":\"" + chars(40) + "\"}");
  CHECK(redactor->redact_json(R"({"password":"hunter22"})") == R"({"password":"[REDACTED]"})");
}

TEST_CASE("what is not JSON is redacted as text") {
  CHECK(builtin()->redact_json("password=hunter22 {") == "password=[REDACTED] {");
}

TEST_CASE("deep and broken JSON does no harm") {
  RedactionConfig config;
  config.paths = {"**.a"};
  const auto redactor = made(config);
  const std::string deep = std::string(900, '[') + std::string(900, ']');
  CHECK(redactor->redact_json(deep) == deep);
  const std::string broken(100'000, '[');
  CHECK(redactor->redact_json(broken) == broken);
}

TEST_CASE("the start and the end of a pattern are those of a line") {
  RedactionConfig config;
  config.patterns = {"^key .*$"};
  CHECK(made(config)->redact("a\nkey 1 2\nthe key 3\nkey 4") == "a\n[REDACTED]\nthe key 3\n[REDACTED]");
}

TEST_CASE("text that matches everywhere is masked within bounds") {
  RedactionConfig config;
  config.patterns = {"a"};
  const std::string masked = made(config)->redact(std::string(50'000, 'a') + "\nb");
  CHECK(masked.find('a') == std::string::npos);
  CHECK(masked.ends_with("\nb"));
  CHECK(masked.size() < 20'000);
}

TEST_CASE("hostile text for the patterns takes no time to speak of and no harm is done to it") {
  const auto redactor = builtin();
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "://secret_key=bearer ";
  const std::string masked = redactor->redact(text);
  CHECK(masked == text);
  std::string bytes;
  for (uint64_t i = 0; i < 1'000'000; ++i) bytes += static_cast<char>((i * 7919) >> 3);
  CHECK(redactor->redact(bytes).size() <= bytes.size() + 100'000);
}

}  // namespace
}  // namespace wplug
