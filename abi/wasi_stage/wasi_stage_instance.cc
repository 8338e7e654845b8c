#include "abi/wasi_stage/wasi_stage_instance.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "host/json_document.h"
#include "wplug/linker.h"
#include "wplug/nested_store.h"
#include "wplug/wasi.h"

namespace wplug {
namespace {

constexpr size_t kMostLine = 400;

std::string_view text_of(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Keeps the last line that says something, cut to what a message can take.
class LastLine {
 public:
  explicit LastLine(std::string& line) : line_(line) {}
  void write(std::string_view text) {
    for (size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
      add(text.substr(0, end));
      is_open_ = false;
    }
    if (!text.empty()) add(text);
  }

 private:
  void add(std::string_view piece) {
    if (!is_open_) current_.clear();
    is_open_ = true;
    current_ += piece.substr(0, kMostLine - std::min(kMostLine, current_.size()));
    if (current_.find_first_not_of(" \t\r") != std::string::npos) line_ = current_;
  }
  std::string& line_;
  std::string current_;
  bool is_open_ = false;
};

}  // namespace

Result<std::vector<std::string>> wasi_stage_arguments(const PluginTerms& terms) {
  std::vector<std::string> arguments = {terms.name};
  const auto found = terms.config.find("args");
  if (found == terms.config.end()) return arguments;
  const auto list = parse_json(found->second);
  const Error wrong(ErrorKind::misuse, "config.args must be a list of strings: " + found->second.substr(0, kMostLine));
  if (!list.ok() || !list->is_array()) return wrong;
  for (size_t i = 0; i < list->size(); ++i) {
    const auto argument = list->at(i).string();
    if (!argument || argument->find('\0') != std::string_view::npos) return wrong;
    arguments.emplace_back(*argument);
  }
  return arguments;
}

Result<std::unique_ptr<AbiInstance>> WasiStageInstance::start(Store& store, const Module& module,
                                                              const PluginTerms& terms,
                                                              const HostServices& services) {
  WPLUG_TRY_ASSIGN(std::vector<std::string> arguments, wasi_stage_arguments(terms));
  return std::unique_ptr<AbiInstance>(new WasiStageInstance(store, module, terms, services, std::move(arguments)));
}

Result<ReplyKind> WasiStageInstance::call(std::string_view entry, std::string_view input, CallState& state,
                                          std::string& text) {
  if (entry != "_start") return Error(ErrorKind::misuse, "a WASI command has one entry, _start");
  text.clear();
  std::string last_line;
  bool too_much = false;
  context_.begin_call(state);
  auto exit_code = run(input, text, last_line, too_much);
  context_.end_call();
  // Whatever it did after its output was refused: the host sees that there is too much and says so.
  if (too_much) return ReplyKind::output;
  if (!exit_code.ok()) return std::move(exit_code).error();
  if (*exit_code == 0) {
    // The line end that programs end their output with is not part of it.
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return ReplyKind::output;
  }
  // A Go program's last line is a place in a stack trace; its panic comes first.
  const std::string& complaint = state.diagnostics;
  const bool is_panic = complaint.starts_with("panic: ") || complaint.starts_with("fatal error: ");
  text = "exited with code " + std::to_string(*exit_code);
  if (const std::string& why = is_panic ? complaint : last_line; !why.empty()) text += ": " + why;
  return ReplyKind::plugin_error;
}

// One run in a store of its own. The output may get one byte larger than limits.output, which then is too much.
Result<int32_t> WasiStageInstance::run(std::string_view input, std::string& output, std::string& last_line,
                                       bool& too_much) {
  LastLine errors(last_line);
  WPLUG_TRY_ASSIGN(WasiConfig config, context_.granted_wasi_config());
  config.args = arguments_;
  config.stdin_source = WasiReader([&input](std::span<uint8_t> buffer) {
    const size_t count = std::min(buffer.size(), input.size());
    if (count > 0) std::memcpy(buffer.data(), input.data(), count);
    input.remove_prefix(count);
    return count;
  });
  const uint64_t most = context_.terms().limits.output;
  config.stdout_sink = WasiWriter([&output, &too_much, most](std::span<const uint8_t> bytes) {
    if (too_much) return false;
    const uint64_t room = most - output.size();
    too_much = bytes.size() > room;
    output += text_of(bytes).substr(0, static_cast<size_t>(too_much ? room + 1 : bytes.size()));
    return !too_much;
  });
  config.stderr_sink = WasiWriter([this, &errors](std::span<const uint8_t> bytes) {
    context_.stderr_log().write(bytes);
    errors.write(text_of(bytes));
    return true;
  });
  // In this order: the context outlives the store.
  WPLUG_TRY_ASSIGN(WasiContext wasi, WasiContext::create(std::move(config)));
  WPLUG_TRY_ASSIGN(Store store, make_nested_store(store_));
  Linker linker;
  auto exit_code = run_wasi_command(store, module_, linker, wasi);
  absorb_nested_store(store_, store);
  return exit_code;
}

}  // namespace wplug
