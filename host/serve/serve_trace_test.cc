#include "host/serve/serve_trace.h"

#include <doctest/doctest.h>

#include <set>

#include "host/json_document.h"

namespace wplug {
namespace {

const std::string kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST_CASE("a traceparent is read and written as W3C has it") {
  const auto parent = parse_trace_parent(kParent);
  REQUIRE(parent);
  CHECK(parent->trace_id == "0af7651916cd43dd8448eb211c80319c");
  CHECK(parent->span_id == "b7ad6b7169203331");
  CHECK(parent->sampled);
  CHECK(parent->to_string() == kParent);
  CHECK_FALSE(parse_trace_parent(kParent.substr(0, 53) + "00")->sampled);
  CHECK(parse_trace_parent(kParent.substr(0, 53) + "0b")->sampled);
}

TEST_CASE("a traceparent that is malformed is none") {
  for (const std::string& text :
       {std::string(), kParent.substr(1), kParent + "-x", "ff" + kParent.substr(2), "0G" + kParent.substr(2),
        "00-" + std::string(32, '0') + kParent.substr(35), kParent.substr(0, 36) + std::string(16, '0') + "-01",
        "00-0AF7651916CD43DD8448EB211C80319C" + kParent.substr(35), kParent.substr(0, 35) + "_b7ad6b7169203331-01"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_trace_parent(text));
  }
  CHECK(parse_trace_parent("01" + kParent.substr(2) + "-future"));
  CHECK_FALSE(parse_trace_parent("01" + kParent.substr(2) + "future"));
}

TEST_CASE("a tracestate that no header may have is not passed on") {
  CHECK(is_trace_state("vendor=value,other=x"));
  for (const std::string& text : {std::string(), std::string(513, 'x'), std::string("a=\x01"), std::string("a=\xff")}) {
    CHECK_FALSE(is_trace_state(text));
  }
}

TEST_CASE("identifiers differ, and a share of all is chosen") {
  TraceIds ids;
  std::set<std::string> seen;
  int chosen = 0;
  for (int i = 0; i < 10'000; ++i) {
    CHECK(seen.insert(ids.trace_id()).second);
    chosen += ids.choose(0.1) ? 1 : 0;
    CHECK(ids.choose(1));
    CHECK_FALSE(ids.choose(0));
  }
  // One in a thousand million million tests would see more or less than this.
  CHECK(chosen > 700);
  CHECK(chosen < 1300);
}

TEST_CASE("spans are JSON with the parent, the calls and what failed") {
  TraceIds ids;
  const auto begin = std::chrono::steady_clock::now();
  RequestTrace trace(ids, parse_trace_parent(kParent), "v=1");
  const RecordError error{"two", {FailureKind::trap, "un\"reachable", {}}};
  StageCall call;
  call.begin = call.end = std::chrono::steady_clock::now();
  call.usage.instructions = 42;
  trace.add_call("one", call);
  call.failure = &error.failure;
  trace.add_call("two", call);
  const std::vector<std::string> spans = trace.finish("orders", "r-1", 502, &error, begin);
  REQUIRE(spans.size() == 3);
  auto request = parse_json(spans[0]), first = parse_json(spans[1]), second = parse_json(spans[2]);
  REQUIRE(request.ok());
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK(request->string_of("parentSpanId") == "b7ad6b7169203331");
  CHECK(request->string_of("traceState") == "v=1");
  CHECK(request->find("status")->integer_of("code") == 2);
  CHECK(first->string_of("parentSpanId") == request->string_of("spanId"));
  CHECK(first->string_of("traceId") == "0af7651916cd43dd8448eb211c80319c");
  CHECK(first->find("status")->size() == 0);
  CHECK(second->find("status")->string_of("message") == "un\"reachable");
  CHECK(trace.context().to_string().starts_with("00-0af7651916cd43dd8448eb211c80319c-" +
                                                std::string(request->string_of("spanId"))));
}

}  // namespace
}  // namespace wplug
