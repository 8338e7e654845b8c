#include "interp/text/module_text.h"

#include <utility>

#include "interp/base/concat.h"
#include "interp/text/module_parser.h"
#include "wplug/text.h"

namespace wplug::text {

namespace {

// Quoted modules may be quoted again.
constexpr int kMostQuotes = 4;

Result<std::vector<uint8_t>> read_text(std::string_view text, int quotes);

Result<std::vector<uint8_t>> read(Cursor& in, std::string& name, int quotes) {
  const std::string_view id = in.optional_identifier();
  name = id;
  const bool is_quote = in.accept(Word::quote);
  if (is_quote || in.accept(Word::binary)) {
    std::string bytes;
    while (in.ok() && in.is(TokenKind::string)) in.string(bytes);
    if (in.ok() && !in.at_end()) in.unexpected();
    if (!in.ok()) return in.error();
    if (!is_quote) return std::vector<uint8_t>(bytes.begin(), bytes.end());
    if (quotes == kMostQuotes) return Error(ErrorKind::limit, "modules quoted too often");
    return read_text(bytes, quotes + 1);
  }
  Bytes bytes;
  if (!ModuleParser(in, id).run(bytes)) return in.error();
  return std::vector<uint8_t>(bytes.begin(), bytes.end());
}

Result<std::vector<uint8_t>> read_source(Source& source, int quotes) {
  std::string ignored;
  Cursor whole(source);
  if (!whole.is_open(Word::module)) return read(whole, ignored, quotes);
  const size_t close = whole.closing(0);
  Cursor inside(source, 2, close);
  Result<std::vector<uint8_t>> module = read(inside, ignored, quotes);
  if (!module.ok()) return module;
  whole.move_to(close);
  if (!whole.expect(TokenKind::right) || (!whole.at_end() && !whole.unexpected())) return whole.error();
  return module;
}

Result<std::vector<uint8_t>> read_text(std::string_view text, int quotes) {
  if (text.size() > UINT32_MAX) {
    return Error(ErrorKind::limit, concat("text of ", text.size(), " bytes exceeds the limit of ", UINT32_MAX));
  }
  Source source = tokenize(text);
  Result<std::vector<uint8_t>> module = read_source(source, quotes);
  // What is wrong in a quotation has its place there already.
  if (!module.ok() && module.error().offset() && !module.error().place()) {
    module.error().set_place(place_of(text, *module.error().offset()));
  }
  return module;
}

}  // namespace

bool is_field(Word word) {
  switch (word) {
    case Word::type:
    case Word::rec:
    case Word::import:
    case Word::func:
    case Word::table:
    case Word::memory:
    case Word::global:
    case Word::tag:
    case Word::export_:
    case Word::start:
    case Word::elem:
    case Word::data: return true;
    default: return false;
  }
}

Result<std::vector<uint8_t>> read_module(Cursor& in, std::string& name) { return read(in, name, 0); }

Result<std::vector<uint8_t>> read_module_text(std::string_view text) { return read_text(text, 0); }

}  // namespace wplug::text

namespace wplug {

Result<std::vector<uint8_t>> parse_wat(std::string_view text) { return text::read_module_text(text); }

}  // namespace wplug
