#include "spec-tests/runner/report.h"

#include <doctest/doctest.h>

namespace wplug::spec {
namespace {

Report sample() {
  Report report;
  FileReport good;
  good.file = "a/a.json";
  good.passed = 3;
  good.skip("text format", 2);
  FileReport bad;
  bad.file = "b.json";
  bad.passed = 1;
  bad.fail(12, "assert_return", "expected i32 1, got i32 2");
  FileReport skipped;
  skipped.file = "c.json";
  skipped.skip("needs SIMD", 40);
  report.files = {good, bad, skipped};
  return report;
}

TEST_CASE("the JSON report has the documented shape") {
  CHECK(sample().to_json() == R"({"passed":4,"failed":1,"skipped":42,"files":[)"
                              R"({"file":"a/a.json","passed":3,"failed":0,"skipped":2,"failures":[]},)"
                              R"({"file":"b.json","passed":1,"failed":1,"skipped":0,"failures":[)"
                              R"({"line":12,"command":"assert_return","message":"expected i32 1, got i32 2"}]},)"
                              R"({"file":"c.json","passed":0,"failed":0,"skipped":40,"failures":[]}]})"
                              "\n");
}

TEST_CASE("the text report names files, failures, reasons for skipping and totals") {
  CHECK(sample().to_text() ==
        "ok    a/a.json: 3 passed, 0 failed, 2 skipped\n"
        "FAIL  b.json: 1 passed, 1 failed\n"
        "        line 12: assert_return: expected i32 1, got i32 2\n"
        "skip  c.json: 0 passed, 0 failed, 40 skipped (needs SIMD)\n"
        "skipped 40: needs SIMD\n"
        "skipped 2: text format\n"
        "3 files: 4 passed, 1 failed, 42 skipped\n");
}

TEST_CASE("a message that is not UTF-8 still gives JSON") {
  Report report;
  FileReport file;
  file.file = "a.json";
  file.fail(1, "module", "unknown import \xff\xfe");
  report.files = {file};
  CHECK(report.to_json().find("unknown import \xef\xbf\xbd") != std::string::npos);
}

}  // namespace
}  // namespace wplug::spec
