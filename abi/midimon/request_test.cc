#include "abi/midimon/request.h"

#include <doctest/doctest.h>

namespace wplug {
namespace {

std::string request(std::string_view input, std::string_view action = "\"play\"") {
  const auto made = make_midimon_request(input, action, 1234);
  return made.ok() ? *made : "error: " + made.error().message();
}

TEST_CASE("a complete request is passed as it is") {
  const std::string_view text = R"({ "action":"x","context":{"timestamp":1,"velocity":100,"metadata":{}} })";
  CHECK(request(text) == text);
}

TEST_CASE("what a plugin's types insist on is added") {
  CHECK(request(R"({"action":"x"})") == R"({"action":"x","context":{"timestamp":1234,"metadata":{}}})");
  CHECK(request(R"({"action":"x","context":{"velocity":7},"more":1})") ==
        R"({"action":"x","context":{"velocity":7,"timestamp":1234,"metadata":{}},"more":1})");
  CHECK(request(R"({"action":"x","context":null})") == R"({"action":"x","context":{"timestamp":1234,"metadata":{}}})");
}

TEST_CASE("a record becomes the metadata of the configured action") {
  CHECK(request(R"({"name":"Ann","n":5,"list":[1]})") ==
        R"({"action":"play","context":{"timestamp":1234,"metadata":{"name":"Ann","n":"5","list":"[1]"}}})");
  CHECK(request("") == R"({"action":"play","context":{"timestamp":1234,"metadata":{}}})");
  CHECK(request(R"({"action":5})") == R"({"action":"play","context":{"timestamp":1234,"metadata":{"action":"5"}}})");
}

TEST_CASE("what cannot be a request says why") {
  CHECK(request("play").starts_with("error: the input: "));
  CHECK(request("[1]") == "error: the input must be a JSON object");
  CHECK(request("{}", "") == "error: the input has no \"action\" and the configuration has none: set config.action");
  CHECK(request("{}", "5") == "error: config.action must be a text");
}

TEST_CASE("metadata describes the plugin and what it declares") {
  const auto plain = read_midimon_metadata(R"({"name":"n","version":"1.0","description":"d","type":"action","capabilities":["network","midi"]})");
  REQUIRE(plain.ok());
  CHECK(plain->name == "n");
  CHECK(plain->version == "1.0");
  CHECK(plain->description == "d");
  CHECK(plain->capabilities.empty());
  const auto files = read_midimon_metadata(R"({"name":"n","capabilities":["filesystem"]})");
  REQUIRE(files.ok());
  CHECK(files->capabilities.size() == 2);
  CHECK(!read_midimon_metadata("{}").ok());
  CHECK(!read_midimon_metadata("no").ok());
  CHECK(!read_midimon_metadata(R"({"name":5})").ok());
  CHECK(!read_midimon_metadata(std::string("{\"name\":\"") + std::string(2 << 20, 'x') + "\"}").ok());
}

}  // namespace
}  // namespace wplug
