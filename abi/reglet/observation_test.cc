#include "abi/reglet/observation.h"

#include <doctest/doctest.h>

#include "abi/reglet/timestamp.h"

namespace wplug {
namespace {

std::string normalized(std::string_view text) {
  const auto evidence = normalized_evidence(text);
  return evidence.ok() ? evidence->to_string() : evidence.error().message();
}

TEST_CASE("evidence keeps its shape, whatever the case of its keys") {
  const char* const wanted = R"({"status":false,"error":{"code":"x","message":"m"},"timestamp":"t","data":{"Key":1},"raw":"r"})";
  CHECK(normalized(R"({"status":false,"error":{"code":"x","message":"m"},"timestamp":"t","data":{"Key":1},"raw":"r"})") == wanted);
  CHECK(normalized(R"({"Status":false,"Error":{"Code":"x","Message":"m"},"Timestamp":"t","Data":{"Key":1},"Raw":"r"})") == wanted);
  CHECK(normalized(R"({"STATUS":true,"ERROR":null,"TIMESTAMP":"t","DATA":{},"RAW":null})") ==
        R"({"status":true,"timestamp":"t","data":{}})");
}

TEST_CASE("only success is a status of true") {
  CHECK(normalized(R"({"status":"success","timestamp":"t","data":{"a":1},"message":"fine"})") ==
        R"({"status":true,"timestamp":"t","data":{"a":1},"raw":"fine"})");
  CHECK(normalized(R"({"status":"failure","timestamp":"t","message":"not so"})") ==
        R"({"status":false,"error":{"code":"","message":"not so"},"timestamp":"t","data":{}})");
  CHECK(normalized(R"({"status":"error","timestamp":"t","message":"x","error":{"message":"y","type":"network","is_timeout":true}})") ==
        R"({"status":false,"error":{"code":"","message":"y","type":"network","is_timeout":true},"timestamp":"t","data":{}})");
  for (const char* word : {"Success", "ok", "true", ""}) {
    CHECK(normalized(std::string(R"({"timestamp":"t","status":")") + word + "\"}").starts_with("{\"status\":false,"));
  }
}

TEST_CASE("errors are texts or nested") {
  CHECK(normalized(R"({"status":false,"error":"plain","timestamp":"t"})") ==
        R"({"status":false,"error":{"code":"","message":"plain"},"timestamp":"t","data":{}})");
  CHECK(normalized(R"({"Error":{"Message":"a","Wrapped":{"Message":"b"}},"timestamp":"t"})") ==
        R"({"status":false,"error":{"code":"","message":"a","wrapped":{"code":"","message":"b"}},"timestamp":"t","data":{}})");
}

TEST_CASE("what has no place goes to data where there is none") {
  CHECK(normalized(R"({"status":true,"timestamp":"t","path":"/x","size":3})") ==
        R"({"status":true,"timestamp":"t","data":{"path":"/x","size":3}})");
}

TEST_CASE("evidence without a time gets one") {
  const auto evidence = normalized_evidence("{\"status\":true}");
  REQUIRE(evidence.ok());
  CHECK(parse_timestamp(evidence->string_of("timestamp")));
}

TEST_CASE("what says nothing is refused") {
  CHECK(normalized("{\"data\":{}}") == "has no status");
  CHECK(normalized("{\"status\":1}") == "has no status");
  CHECK(normalized("3") == "is no JSON object");
}

}  // namespace
}  // namespace wplug
