// A plugin ABI without guests, for tests of the host: what an instance does with a record is a C++ function.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "wplug/pipeline.h"
#include "wplug/plugin.h"

namespace wplug {

class FakeAbi : public PluginAbi {
 public:
  // `call_number` counts the calls of one instance, from 1.
  using Behaviour =
      std::function<Result<ReplyKind>(std::string_view input, int call_number, CallState& state, std::string& text)>;

  explicit FakeAbi(Behaviour behaviour) : behaviour_(std::move(behaviour)) {}

  std::string_view name() const override { return "fake"; }
  AbiMatch detect(const Module&) const override { return {1, "it is a test"}; }
  std::string default_entry(const Module&) const override { return "main"; }
  std::vector<std::string> wanted_capabilities(const Module&) const override { return {}; }
  std::span<const AbiFunction> host_functions() const override { return {}; }
  Result<void> check(const Module&, const PluginTerms&) const override { return {}; }
  Result<std::unique_ptr<AbiInstance>> instantiate(Store&, const Module&, const PluginTerms&, const HostServices&,
                                                   CallState&) const override {
    ++starts;
    if (start_error) return *start_error;
    return std::unique_ptr<AbiInstance>(new FakeInstance(*this));
  }

  mutable std::atomic<int> starts{0};
  std::optional<Error> start_error;

 private:
  class FakeInstance : public AbiInstance {
   public:
    explicit FakeInstance(const FakeAbi& abi) : abi_(abi) {}
    Result<ReplyKind> call(std::string_view, std::string_view input, CallState& state, std::string& text) override {
      return abi_.behaviour_(input, ++calls_, state, text);
    }

   private:
    const FakeAbi& abi_;
    int calls_ = 0;
  };

  Behaviour behaviour_;
};

// A behaviour that gives the record back.
inline Result<ReplyKind> echo(std::string_view input, int, CallState&, std::string& text) {
  text = input;
  return ReplyKind::output;
}

// A plugin of the ABI, on a module with nothing in it.
inline std::shared_ptr<const Plugin> fake_plugin(const FakeAbi& abi, std::string name = "stage", LimitSettings limits = {},
                                                 const std::function<void(PluginOptions&)>& change = {},
                                                 const HostServices& services = {}) {
  const auto engine = Engine::create();
  REQUIRE(engine.ok());
  auto module = Module::compile(*engine, std::vector<uint8_t>{0, 'a', 's', 'm', 1, 0, 0, 0});
  REQUIRE(module.ok());
  PluginOptions options;
  options.name = std::move(name);
  options.limits = limits;
  if (change) change(options);
  const PluginAbi* const abis[] = {&abi};
  auto plugin = Plugin::load(*engine, std::move(*module), options, abis, services);
  REQUIRE(plugin.ok());
  return *plugin;
}

}  // namespace wplug
