#include "abi/reglet/description.h"

#include <doctest/doctest.h>

#include "host/base64.h"

namespace wplug {
namespace {

std::string declared(const std::string& capabilities) {
  const auto read = read_description("{\"name\":\"n\",\"capabilities\":" + capabilities + "}");
  if (!read.ok()) return read.error().message();
  std::string text;
  for (const Capability& capability : read->description.capabilities) text += capability.to_string() + "\n";
  for (const std::string& remark : read->remarks) text += "? " + remark + "\n";
  return text;
}

TEST_CASE("kinds and patterns become capabilities") {
  CHECK(declared(R"([{"kind":"network","pattern":"outbound:53"},{"kind":"fs","pattern":"read:/etc/**"},)"
                 R"({"kind":"exec","pattern":"ls"},{"kind":"env","pattern":"AWS_*"},{"Kind":"network","Pattern":"outbound:80,443"}])") ==
        "network:outbound:53\nfs:read:/etc/**\nexec:ls\nenv:AWS_*\nnetwork:outbound:80,443\n");
  CHECK(declared(R"([{"kind":"fs","pattern":"read:**"},{"kind":"exec","pattern":"**"}])") == "fs:read:/**\nexec:**\n");
}

TEST_CASE("a GrantSet becomes capabilities") {
  CHECK(declared(R"({"network":{"rules":[{"hosts":["*","::1"],"ports":["80","8000-9000"]}]},)"
                 R"("fs":{"rules":[{"read":["/etc/*"],"write":["/tmp/**"]}]},"env":{"vars":["HOME"]},)"
                 R"("exec":{"commands":["/bin/ls","*"]}})") ==
        "network:outbound:*:80\nnetwork:outbound:*:8000-9000\nnetwork:outbound:[::1]:80\nnetwork:outbound:[::1]:8000-9000\n"
        "fs:read:/etc/*\nfs:write:/tmp/**\nenv:HOME\nexec:/bin/ls\nexec:*\n");
}

TEST_CASE("declarations that are not understood are remarked on and declare nothing") {
  for (const char* list : {R"([{"kind":"gpu","pattern":"0"}])", R"([{"kind":"fs","pattern":"read:etc"}])", R"([{}])",
                           R"({"kv":{"rules":[{"op":"read","keys":["a"]}]}})"}) {
    CHECK(declared(list).starts_with("? declares what this host does not know: "));
  }
  CHECK(declared("3") == "");
  CHECK(declared("{\"network\":[],\"fs\":{\"rules\":{}},\"env\":{\"vars\":[1]}}") == "");
}

TEST_CASE("declarations are bounded") {
  std::string list = "[";
  for (int i = 0; i < 1001; ++i) list += "{\"kind\":\"env\",\"pattern\":\"A\"},";
  list.back() = ']';
  CHECK(declared(list) == "declares more than 1000 capabilities");
}

TEST_CASE("a wildcard in a declared command covers commands, and cannot be granted") {
  const auto read = read_description(R"({"name":"n","capabilities":[{"kind":"exec","pattern":"**"}]})");
  REQUIRE(read.ok());
  Policy policy{"n", {}, Grants(), ""};
  policy.declared->add(read->description.capabilities.at(0));
  CHECK(!authorize(policy, {CapabilityKind::exec, "ls"}).allowed);
  REQUIRE(policy.granted.add("exec:ls").ok());
  CHECK(authorize(policy, {CapabilityKind::exec, "ls"}).allowed);
  CHECK(!authorize(policy, {CapabilityKind::exec, "cat"}).allowed);
  CHECK(!policy.granted.add("exec:**").ok());
}

TEST_CASE("schemas are JSON or base64 of it") {
  const std::string schema = "{\n  \"type\": \"object\"\n}";
  for (const std::string& text : {schema, base64_encode(schema), "\"" + base64_encode(schema) + "\""}) {
    const auto read = read_schema(text);
    REQUIRE(read.ok());
    CHECK(*read == "{\"type\":\"object\"}");
  }
  CHECK(*read_schema("null") == "");
  CHECK(*read_schema("") == "");
  for (const char* text : {"\"no\"", "{", "bm8=", "\"bm8=\""}) CHECK(!read_schema(text).ok());
}

TEST_CASE("versions are compared by their numbers") {
  CHECK(is_later_version("0.3.6", "0.3.5"));
  CHECK(is_later_version("v1", "0.99.99"));
  CHECK(is_later_version("0.10.0", "0.9.0"));
  CHECK(!is_later_version("0.3.5-alpha", "0.3.5"));
  CHECK(!is_later_version("0.3", "0.3.5"));
  CHECK(!is_later_version("", "0.3.5"));
  CHECK(!is_later_version("99999999999", "0.3.5"));
}

}  // namespace
}  // namespace wplug
