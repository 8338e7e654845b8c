#include "spec-tests/runner/test_support.h"

#include <cstdlib>
#include <fstream>

namespace wplug::spec {
namespace {

std::string module_of(std::initializer_list<std::string_view> sections) {
  std::string bytes("\0asm\1\0\0\0", 8);
  for (const std::string_view section : sections) bytes += section;
  return bytes;
}

// Keeps the zero bytes of a literal.
template <size_t N>
constexpr std::string_view raw(const char (&literal)[N]) {
  return {literal, N - 1};
}

}  // namespace

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "wplug-spec-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::write(const std::string& name, std::string_view contents) const {
  const std::filesystem::path file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << contents;
  return file.string();
}

std::string arithmetic_module() {
  return module_of({
      raw("\x01\x0a\x02\x60\x02\x7f\x7f\x01\x7f\x60\x00\x00"),  // types
      raw("\x03\x04\x03\x00\x00\x01"),                          // functions
      raw("\x06\x06\x01\x7f\x00\x41\x2a\x0b"),                  // global 42
      raw("\x07\x18\x04\x03"
          "add\x00\x00\x03"
          "div\x00\x01\x04"
          "spin\x00\x02\x01g\x03\x00"),  // exports
      raw("\x0a\x19\x03\x07\x00\x20\x00\x20\x01\x6a\x0b\x07\x00\x20\x00\x20\x01\x6d\x0b"
          "\x07\x00\x03\x40\x0c\x00\x0b\x0b"),  // code
  });
}

std::string importing_module() {
  return module_of({
      raw("\x01\x07\x01\x60\x02\x7f\x7f\x01\x7f"),
      raw("\x02\x0c\x01\x04"
          "math\x03"
          "add\x00\x00"),
      raw("\x07\x07\x01\x03"
          "sum\x00\x00"),
  });
}

std::string reference_module() {
  return module_of({
      raw("\x01\x0a\x02\x60\x01\x6f\x01\x6f\x60\x00\x01\x70"),
      raw("\x03\x03\x02\x00\x01"),
      raw("\x07\x0d\x02\x02id\x00\x00\x04host\x00\x01"),
      raw("\x0a\x0b\x02\x04\x00\x20\x00\x0b\x04\x00\xd0\x70\x0b"),
  });
}

std::string script_of(const std::vector<std::string>& commands) {
  std::string text = R"({"source_filename": "t.wast", "commands": [)";
  for (const std::string& command : commands) {
    if (text.back() != '[') text += ",\n";
    text += "{" + command + "}";
  }
  return text + "]}";
}

}  // namespace wplug::spec
