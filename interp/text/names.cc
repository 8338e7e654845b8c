// The first pass: which fields there are, their indices and names.
#include "interp/base/concat.h"
#include "interp/text/module_parser.h"

namespace wplug::text {

namespace {

constexpr std::string_view kSpaceNames[kSpaceCount] = {"func", "table", "memory", "global",
                                                       "tag",  "type",  "elem",   "data"};

std::optional<Space> space_of(Word word) {
  switch (word) {
    case Word::func: return Space::func;
    case Word::table: return Space::table;
    case Word::memory: return Space::memory;
    case Word::global: return Space::global;
    case Word::tag: return Space::tag;
    case Word::type: return Space::type;
    case Word::elem: return Space::elem;
    case Word::data: return Space::data;
    default: return std::nullopt;
  }
}

Word keyword_of(const Token& token) {
  return token.kind == TokenKind::keyword ? static_cast<Word>(token.word) : Word::unknown;
}

}  // namespace

bool ModuleParser::bind(Space space, std::string_view name, size_t offset) {
  IndexSpace& names = spaces_[static_cast<size_t>(space)];
  const uint32_t index = names.count++;
  if (name.empty()) return true;
  if (!names.indices.emplace(name, index).second) {
    return in_.fail_at(offset, concat("duplicate ", kSpaceNames[static_cast<size_t>(space)], " $", name));
  }
  names.names.emplace_back(index, name);
  return true;
}

// Binds the identifier that stands next, if one does.
bool ModuleParser::bind_next(Space space) {
  const size_t offset = in_.peek().begin;
  return bind(space, in_.optional_identifier(), offset);
}

// Only what gives things indices and names is looked at here; what is wrong otherwise is found later.
bool ModuleParser::collect() {
  const size_t begin = in_.at();
  while (in_.is(TokenKind::left)) {
    const size_t field = in_.at();
    const size_t close = in_.closing(field);
    fields_.push_back(field);
    in_.take();
    const Word word = keyword_of(in_.peek());
    in_.take();
    if (!collect_field(word, close)) return false;
    in_.move_to(close);
    in_.take();
  }
  in_.move_to(begin);
  return true;
}

bool ModuleParser::collect_field(Word word, size_t close) {
  if (word == Word::import) return collect_import(close);
  if (word == Word::rec) {
    while (in_.at() < close && in_.is(TokenKind::left)) {
      const size_t type_close = in_.closing(in_.at());
      if (in_.accept_open(Word::type) && !bind_next(Space::type)) return false;
      in_.move_to(type_close);
      in_.take();
    }
    return true;
  }
  const std::optional<Space> space = space_of(word);
  if (!space) return true;
  if (!bind_next(*space)) return false;
  // Segments in tables and memories have indices too.
  if (*space == Space::table && has_inline(Word::elem, close)) ++spaces_[static_cast<size_t>(Space::elem)].count;
  if (*space == Space::memory && has_inline(Word::data, close)) ++spaces_[static_cast<size_t>(Space::data)].count;
  return true;
}

// Whether `(` and the keyword stand directly in the field at hand.
bool ModuleParser::has_inline(Word word, size_t close) const {
  const std::vector<Token>& tokens = in_.source().tokens;
  size_t depth = 0;
  for (size_t at = in_.at(); at + 1 < close; ++at) {
    if (tokens[at].kind == TokenKind::left) {
      if (depth == 0 && keyword_of(tokens[at + 1]) == word) return true;
      ++depth;
    } else if (tokens[at].kind == TokenKind::right) {
      --depth;
    }
  }
  return false;
}

// `"m" "n" (kind id? …)`, and compact: `"m" (item "n" (kind id? …))*` or `"m" (item "n")* (kind …)`.
bool ModuleParser::collect_import(size_t close) {
  if (!in_.accept(TokenKind::string)) return true;
  uint32_t items = in_.accept(TokenKind::string) ? 1 : 0;
  while (in_.at() < close && in_.is(TokenKind::left)) {
    const size_t inner = in_.closing(in_.at());
    if (in_.accept_open(Word::item)) {
      in_.accept(TokenKind::string);
      if (!in_.is(TokenKind::left)) ++items;
      if (in_.is(TokenKind::left) && !collect_described(1)) return false;
    } else {
      if (!collect_described(items)) return false;
      items = 0;
    }
    in_.move_to(inner);
    in_.take();
  }
  return true;
}

// Binds `count` things of the kind that `(kind id? …)` says, the first by its identifier.
bool ModuleParser::collect_described(uint32_t count) {
  in_.take();
  const std::optional<Space> space = space_of(keyword_of(in_.peek()));
  in_.take();
  if (!space || count == 0) return true;
  if (!bind_next(*space)) return false;
  spaces_[static_cast<size_t>(*space)].count += count - 1;
  return true;
}

bool ModuleParser::index(Space space, uint32_t& index) {
  if (in_.is(TokenKind::natural)) return in_.u32(index);
  if (!in_.is(TokenKind::id)) return in_.unexpected();
  const size_t offset = in_.peek().begin;
  const std::string_view name = in_.identifier();
  const NameMap& names = spaces_[static_cast<size_t>(space)].indices;
  const auto found = names.find(name);
  if (found == names.end()) {
    const std::string_view what = space == Space::func ? "function" : kSpaceNames[static_cast<size_t>(space)];
    return in_.fail_at(offset, concat("unknown ", what, " $", name));
  }
  index = found->second;
  return true;
}

bool ModuleParser::index(Space space, Bytes& out) {
  uint32_t value = 0;
  if (!index(space, value)) return false;
  put_u32(out, value);
  return true;
}

}  // namespace wplug::text
