// Annotations that become custom sections (spec appendix, "Custom Sections"): (@custom …), (@name …), and branch hints,
// (@metadata.code.branch_hint …). Those that nothing has taken stand where they mean nothing.
#include <algorithm>

#include "interp/base/concat.h"
#include "interp/base/utf8.h"
#include "interp/text/module_parser.h"
#include "interp/text/section_order.h"

namespace wplug::text {

namespace {

constexpr std::string_view kCustom = "custom", kName = "name", kHint = "metadata.code.branch_hint";

}  // namespace

// The first annotation that does not stand before an earlier token than the one at hand.
size_t ModuleParser::first_annotation() const {
  const auto before = [](const Annotation& annotation, size_t at) { return annotation.before < at; };
  return static_cast<size_t>(std::lower_bound(annotations_.begin(), annotations_.end(), in_.at(), before) -
                             annotations_.begin());
}

const Annotation* ModuleParser::annotation_here(std::string_view name) {
  for (size_t at = first_annotation(); at < annotations_.size() && annotations_[at].before == in_.at(); ++at) {
    if (annotations_[at].name != name || taken_[at]) continue;
    taken_[at] = true;
    return &annotations_[at];
  }
  return nullptr;
}

bool ModuleParser::take_customs() {
  // All of them in one go: there may be many before one token.
  for (size_t at = first_annotation(); at < annotations_.size() && annotations_[at].before == in_.at(); ++at) {
    if (annotations_[at].name != kCustom) continue;
    taken_[at] = true;
    if (!custom_annotation(annotations_[at])) return false;
  }
  return true;
}

// `"name" place? "bytes"*`, where place is `(before s)`, `(after s)`, `(before first)` or `(after last)`.
bool ModuleParser::custom_annotation(const Annotation& annotation) {
  const auto wrong = [&](std::string_view what) {
    return in_.fail_at(annotation.offset, concat("@custom annotation: ", what));
  };
  const std::vector<Token>& tokens = in_.source().annotated;
  const uint32_t end = annotation.first + annotation.count;
  uint32_t at = annotation.first;
  const auto is = [&](TokenKind kind) { return at < end && tokens[at].kind == kind; };
  LexError error{};
  Bytes name, bytes;
  if (!is(TokenKind::string)) return wrong("missing section name");
  if (!decode_string(in_.text_of(tokens[at++]), name, error)) return wrong(to_string(error));
  if (!is_utf8(name)) return wrong("malformed UTF-8 encoding");
  Custom custom;
  custom.order = kLastOrder;
  if (is(TokenKind::left)) {
    const std::string_view side = ++at < end ? in_.text_of(tokens[at]) : "";
    if (side != "before" && side != "after") return wrong("malformed placement");
    const std::string_view kind = ++at < end ? in_.text_of(tokens[at]) : "";
    const std::optional<unsigned> order = custom_order(side == "before", kind);
    if (!order) return wrong(concat("malformed section kind ", kind == ")" ? "" : kind));
    custom.order = *order;
    ++at;
    if (!is(TokenKind::right)) return wrong("unexpected token");
    ++at;
  }
  for (; is(TokenKind::string); ++at) {
    if (!decode_string(in_.text_of(tokens[at]), bytes, error)) return wrong(to_string(error));
  }
  if (at != end) return wrong("unexpected token");
  put_bytes(custom.payload, name);
  custom.payload += bytes;
  customs_.push_back(std::move(custom));
  return true;
}

// Sets `name` where an annotation gives one.
bool ModuleParser::take_name(std::string_view& name) {
  if (annotations_.empty()) return true;
  bool seen = false;
  while (const Annotation* annotation = annotation_here(kName)) {
    if (seen) {
      return in_.fail_at(annotation->offset, concat("@name annotation: multiple ",
                                                    spaces_[0].count == 0 && fields_.empty() ? "module" : ""));
    }
    seen = true;
    if (!name_annotation(*annotation, name)) return false;
  }
  return true;
}

bool ModuleParser::name_annotation(const Annotation& annotation, std::string_view& name) {
  const Token* token = in_.source().annotated.data() + annotation.first;
  if (annotation.count != 1 || token->kind != TokenKind::string) {
    return in_.fail_at(annotation.offset, "@name annotation: unexpected token");
  }
  std::string decoded;
  LexError error{};
  if (!decode_string(in_.text_of(*token), decoded, error)) {
    return in_.fail_at(annotation.offset, concat("@name annotation: ", to_string(error)));
  }
  if (!is_utf8(decoded)) return in_.fail_at(annotation.offset, "@name annotation: malformed UTF-8 encoding");
  name = in_.source().decoded.emplace_back(std::move(decoded));
  return true;
}

bool ModuleParser::take_hint(Op op, std::optional<uint8_t>& hint) {
  if (annotations_.empty() || !in_function_) return true;
  const auto wrong = [&](const Annotation& annotation, std::string_view what, ErrorKind kind = ErrorKind::malformed) {
    return in_.fail_at(annotation.offset, concat("@metadata.code.branch_hint annotation: ", what), kind);
  };
  while (const Annotation* annotation = annotation_here(kHint)) {
    if (hint) return wrong(*annotation, "duplicate annotation");
    const Token* token = in_.source().annotated.data() + annotation->first;
    std::string value;
    LexError error{};
    if (annotation->count != 1 || token->kind != TokenKind::string ||
        !decode_string(in_.text_of(*token), value, error) || value.size() != 1 || static_cast<uint8_t>(value[0]) > 1) {
      return wrong(*annotation, "invalid hint");
    }
    hint = static_cast<uint8_t>(value[0]);
    if (op != Op::if_ && op != Op::br_if) return wrong(*annotation, "invalid target", ErrorKind::invalid);
  }
  return true;
}

void ModuleParser::record_hint(const std::optional<uint8_t>& hint) {
  if (hint) hints_.push_back({static_cast<uint32_t>(code_.size()), *hint});
}

bool ModuleParser::check_annotations() {
  for (size_t at = 0; at < annotations_.size(); ++at) {
    if (taken_[at]) continue;
    const Annotation& left_over = annotations_[at];
    if (left_over.name == kHint)
      return in_.fail_at(left_over.offset, concat("@", kHint, " annotation: not in a function"));
    return in_.fail_at(left_over.offset, concat("misplaced @", left_over.name, " annotation"));
  }
  return true;
}

}  // namespace wplug::text
