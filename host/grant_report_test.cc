#include "host/grant_report.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "host/fake_abi_test.h"

namespace wplug {
namespace {

Coverage covered(const std::vector<std::string>& granted, const std::string& wanted) {
  Grants grants;
  for (const std::string& text : granted) REQUIRE(grants.add(text).ok());
  return coverage(grants, *parse_capability(wanted));
}

// An ABI whose plugins declare what a test says.
class DeclaringAbi : public FakeAbi {
 public:
  DeclaringAbi(std::vector<std::string> declared, std::vector<std::string> wanted)
      : FakeAbi(echo), declared_(std::move(declared)), wanted_(std::move(wanted)) {}
  bool declares_capabilities() const override { return !declared_.empty(); }
  std::vector<std::string> wanted_capabilities(const Module&) const override { return wanted_; }
  Result<std::unique_ptr<AbiInstance>> instantiate(Store&, const Module&, const PluginTerms&, const HostServices&,
                                                   CallState&) const override {
    return std::unique_ptr<AbiInstance>(new Declaring(declared_));
  }

 private:
  struct Declaring : AbiInstance {
    explicit Declaring(const std::vector<std::string>& texts) : declared(texts) {}
    Result<ReplyKind> call(std::string_view, std::string_view, CallState&, std::string&) override {
      return ReplyKind::output;
    }
    Result<ReplyKind> describe(CallState&, PluginDescription& description, std::string& text) override {
      for (const std::string& one : declared) {
        auto capability = parse_capability(one);
        if (!capability.ok()) {
          text = "no capability";
          return ReplyKind::plugin_error;
        }
        description.capabilities.push_back(*capability);
      }
      return ReplyKind::output;
    }
    const std::vector<std::string>& declared;
  };
  std::vector<std::string> declared_, wanted_;
};

GrantReport report_of(const FakeAbi& abi, const std::vector<std::string>& granted) {
  const auto engine = Engine::create();
  REQUIRE(engine.ok());
  auto module = Module::compile(*engine, std::vector<uint8_t>{0, 'a', 's', 'm', 1, 0, 0, 0});
  REQUIRE(module.ok());
  PluginOptions options;
  options.name = "x";
  for (const std::string& text : granted) REQUIRE(options.grants.add(text, "p.toml:1:1").ok());
  const PluginAbi* const abis[] = {&abi};
  const auto plugin = Plugin::load(*engine, std::move(*module), options, abis, {});
  REQUIRE(plugin.ok());
  return report_grants(**plugin);
}

TEST_CASE("a wanted capability is granted, partly granted or missing") {
  CHECK(covered({"fs:read:/etc/**"}, "fs:read:/etc/passwd") == Coverage::granted);
  CHECK(covered({"fs:read:/etc/**"}, "fs:read:/etc/**") == Coverage::granted);
  CHECK(covered({"fs:read:/**"}, "fs:read:/etc/**") == Coverage::granted);
  CHECK(covered({"fs:read:/etc/passwd"}, "fs:read:/etc/**") == Coverage::partly);
  CHECK(covered({"fs:read:/srv/**"}, "fs:read:/etc/**") == Coverage::missing);
  CHECK(covered({"fs:write:/etc/**"}, "fs:read:/etc/**") == Coverage::missing);
  CHECK(covered({"exec:git"}, "exec:git log **") == Coverage::granted);
  CHECK(covered({"exec:git log **"}, "exec:git") == Coverage::partly);
  CHECK(covered({"env:*"}, "env:AWS_*") == Coverage::granted);
  CHECK(covered({"env:AWS_REGION"}, "env:AWS_*") == Coverage::partly);
  CHECK(covered({"network:outbound:db:5432"}, "network:outbound:db:5432") == Coverage::granted);
  CHECK(covered({"network:outbound:*"}, "network:outbound:db:5432") == Coverage::granted);
  CHECK(covered({"network:outbound:443"}, "network:outbound:443") == Coverage::granted);
  CHECK(covered({"network:outbound:db:443"}, "network:outbound:443") == Coverage::partly);
  CHECK(covered({"network:outbound:db:8000-8010"}, "network:outbound:db:8000-8099") == Coverage::partly);
  CHECK(covered({}, "http:example.com") == Coverage::missing);
  CHECK(covered({"network:outbound:example.com:443"}, "http:example.com") != Coverage::missing);
}

TEST_CASE("what imports show is compared by kind") {
  const DeclaringAbi abi({}, {"http", "config", "fs"});
  const GrantReport report = report_of(abi, {"http:example.com", "exec:sh"});
  REQUIRE(report.wanted.size() == 2);
  CHECK(report.wanted[0].text == "http");
  CHECK(report.wanted[0].coverage == Coverage::granted);
  CHECK(!report.wanted[0].declared);
  CHECK(report.wanted[1].coverage == Coverage::missing);
  REQUIRE(report.granted.size() == 2);
  CHECK(report.granted[0].wanted);
  CHECK(report.granted[0].broad.empty());
  CHECK(!report.granted[1].wanted);
  CHECK(report.granted[1].broad == "it runs any program through an interpreter");
}

TEST_CASE("what a plugin declares is compared with each grant") {
  const DeclaringAbi abi({"fs:read:/etc/passwd", "env:HOME"}, {});
  const GrantReport report = report_of(abi, {"fs:read:/etc/*", "fs:read:/srv/**"});
  CHECK(report.problem.empty());
  REQUIRE(report.wanted.size() == 2);
  CHECK(report.wanted[0].declared);
  CHECK(report.wanted[0].coverage == Coverage::granted);
  CHECK(report.wanted[1].coverage == Coverage::missing);
  CHECK(report.granted[0].wanted);
  CHECK(!report.granted[1].wanted);
}

TEST_CASE("a plugin that cannot say what it declares is reported with the reason") {
  const DeclaringAbi abi({"nonsense"}, {"exec"});
  const GrantReport report = report_of(abi, {});
  CHECK(report.problem.find("no capability") != std::string::npos);
  REQUIRE(report.wanted.size() == 1);
}

}  // namespace
}  // namespace wplug
