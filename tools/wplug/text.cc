// The text format: to a binary module, and back.
#include <cstdio>

#include <fmt/core.h>

#include "host/files.h"
#include "tools/wplug/arguments.h"
#include "tools/wplug/commands.h"
#include "tools/wplug/console.h"
#include "tools/wplug/modules.h"
#include "wplug/text.h"

namespace wplug {
namespace {

// The name of the file with another ending, in the current folder.
std::string default_output(std::string_view input) {
  std::string_view name = base_name(input);
  if (name.ends_with(".wat")) name.remove_suffix(4);
  return std::string(name) + ".wasm";
}

Result<void> write(const std::string& path, const std::vector<uint8_t>& bytes) {
  std::FILE* const file = path == "-" ? stdout : std::fopen(path.c_str(), "wb");
  if (file == nullptr) return Error(ErrorKind::host, "cannot be written");
  const bool whole = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  const bool flushed = file == stdout ? std::fflush(file) == 0 : std::fclose(file) == 0;
  if (!whole || !flushed) return Error(ErrorKind::host, "cannot be written");
  return {};
}

}  // namespace

int wat2wasm_command(CommandArguments arguments) {
  std::string input, output;
  Arguments options("wat2wasm", "wat2wasm FILE.wat [-o FILE.wasm]",
                    "Turns a module in the text format into a binary one. Nothing is validated.");
  options.positional("FILE", "a module (.wat)", input);
  options.option("-o,--output", "FILE", "where the binary goes, - for standard output; default: FILE.wasm here",
                 output);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  auto text = read_file(input, UINT32_MAX);
  if (!text.ok()) return report("", text.error());
  auto bytes = parse_wat({reinterpret_cast<const char*>(text->data()), text->size()});
  if (!bytes.ok()) return report(input, bytes.error());
  if (output.empty()) output = default_output(input);
  const auto written = write(output, *bytes);
  return written.ok() ? kExitOk : report(output, written.error());
}

int print_command(CommandArguments arguments) {
  std::string file;
  PrintOptions print;
  bool no_names = false;
  Arguments options("print", "print MODULE", "Prints a module in the text format. It need not be valid.");
  options.positional("MODULE", "a module (.wasm, .wat)", file);
  options.flag("--no-names", "indices instead of the names of the name section", no_names);
  options.flag("--offsets", "the offset in the module before each instruction", print.offsets);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  print.names = !no_names;
  const auto bytes = read_module(file, ModuleLimits());
  if (!bytes.ok()) return report(file, bytes.error());
  const auto text = print_wat(*bytes, print);
  if (!text.ok()) return report(file, text.error());
  std::fwrite(text->data(), 1, text->size(), stdout);
  return kExitOk;
}

}  // namespace wplug
