#include "wplug/redactor.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "host/json_text.h"
#include "host/openssl_services.h"
#include "host/redactor_impl.h"
#include "wplug/capabilities.h"

namespace wplug {
namespace {

constexpr std::string_view kMask = "[REDACTED]";
constexpr std::string_view kHashMask = "[REDACTED:sha256:";
constexpr size_t kHashDigits = 12;
constexpr char kHex[] = "0123456789abcdef";
constexpr size_t kMostSecret = size_t{16} << 10;  // longer values are looked for by their beginning

const std::string kBuiltin[] = {
#define WPLUG_SECRET(name, pattern) pattern,
#include "host/redactor_patterns.def"
};

using Digest = std::array<uint8_t, 32>;

Digest sha256(const std::string& text) {
  Digest digest{};
  // Redactor::create has seen that the services are there.
  const auto services = openssl_services();
  if (services.ok()) (*services)->sha256(reinterpret_cast<const uint8_t*>(text.data()), text.size(), digest.data());
  return digest;
}

// RFC 2104.
Digest hmac_sha256(std::string key, std::string_view text) {
  if (key.size() > 64) {
    const Digest digest = sha256(key);
    key.assign(digest.begin(), digest.end());
  }
  key.resize(64, '\0');
  std::string inner(64, '\0'), outer(64, '\0');
  for (size_t i = 0; i < 64; ++i) {
    inner[i] = static_cast<char>(key[i] ^ 0x36);
    outer[i] = static_cast<char>(key[i] ^ 0x5c);
  }
  const Digest digest = sha256(inner + std::string(text));
  return sha256(outer + std::string(digest.begin(), digest.end()));
}

// Text that an earlier redaction has masked stays as it is.
bool is_mask(std::string_view text) {
  if (text == kMask) return true;
  if (!text.starts_with(kHashMask) || text.size() != kHashMask.size() + kHashDigits + 1 || text.back() != ']') return false;
  const std::string_view digits = text.substr(kHashMask.size(), kHashDigits);
  return digits.find_first_not_of(kHex) == std::string_view::npos;
}

std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<uint8_t>(c);
    for (count += 8; count >= 6; count -= 6) out += kDigits[(bits >> (count - 6)) & 63];
  }
  if (count > 0) out += kDigits[(bits << (6 - count)) & 63];
  return out;
}

// What is the same in the base64 of any text that holds `value` after a number of bytes of that remainder by 3: digits
// that its neighbours take part in are left out.
std::string base64_core(std::string_view value, size_t before) {
  std::string digits = base64(std::string(before, '\0') + std::string(value));
  if ((before + value.size()) % 3 != 0) digits.pop_back();
  return digits.substr((before * 8 + 5) / 6);
}

std::string url_encoded(std::string_view value, const char* hex, bool plus) {
  std::string out;
  for (const char c : value) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c != '\0' && std::strchr("-._~", c) != nullptr);
    const uint8_t byte = static_cast<uint8_t>(c);
    if (is_plain) {
      out += c;
    } else if (c == ' ' && plus) {
      out += '+';
    } else {
      out += {'%', hex[byte >> 4], hex[byte & 15]};
    }
  }
  return out;
}

// A known secret as it may stand in a text.
void add_forms(std::string_view value, std::set<std::string>& forms) {
  const auto add = [&forms](std::string form) {
    if (form.size() >= Redactor::kLeastSecret) forms.insert(std::move(form));
  };
  add(std::string(value));
  const std::string in_json = json_string(value);
  add(in_json.substr(1, in_json.size() - 2));
  for (const bool plus : {false, true}) {
    add(url_encoded(value, "0123456789ABCDEF", plus));
    add(url_encoded(value, kHex, plus));
  }
  for (const size_t before : {0, 1, 2}) {
    std::string core = base64_core(value, before);
    // Shorter ones stand in any base64 by chance.
    if (core.size() < 8) continue;
    add(core);
    std::replace(core.begin(), core.end(), '+', '-');
    std::replace(core.begin(), core.end(), '/', '_');
    add(core);
  }
}

std::string literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const uint8_t byte = static_cast<uint8_t>(c);
    const bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (is_word) {
      out += c;
    } else {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

// One pattern for all known secrets; the longest first, as one may begin another. Empty: there is none.
std::string pattern_of(const std::set<std::string>& secrets) {
  std::vector<std::string> sorted(secrets.begin(), secrets.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  std::string pattern;
  for (const std::string& secret : sorted) pattern += (pattern.empty() ? "" : "|") + literal(secret);
  return pattern;
}

// Known secrets in all their forms. A text is looked at line by line, so a value of several lines is as many secrets.
class KnownSecrets {
 public:
  explicit KnownSecrets(std::vector<std::string>& warnings) : warnings_(warnings) {}

  void add(std::string_view value, const std::string& what) {
    if (value.empty()) return;
    if (value.size() < Redactor::kLeastSecret) {
      warnings_.push_back(what + " has fewer than " + std::to_string(Redactor::kLeastSecret) +
                          " bytes and is not looked for");
      return;
    }
    value = value.substr(0, kMostSecret);
    add_forms(value, forms_);
    if (value.find('\n') == std::string_view::npos) return;
    while (!value.empty()) {
      const size_t end = std::min(value.find_first_of("\r\n"), value.size());
      if (end >= Redactor::kLeastSecret) add_forms(value.substr(0, end), forms_);
      value.remove_prefix(std::min(end + 1, value.size()));
    }
  }
  // A line end is never part of a match.
  std::string pattern() {
    std::erase_if(forms_, [](const std::string& form) { return form.find('\n') != std::string::npos; });
    return pattern_of(forms_);
  }

 private:
  std::vector<std::string>& warnings_;
  std::set<std::string> forms_;
};

Result<std::string> known_pattern(const RedactionConfig& config, const std::map<std::string, std::string>* environment,
                                  std::vector<std::string>& warnings) {
  KnownSecrets secrets(warnings);
  for (const std::string& value : config.values) secrets.add(value, "a secret value");
  for (const std::string& names : config.values_from_env) {
    Grants matching;
    auto added = matching.add("env:" + names);
    if (!added.ok()) return Error(ErrorKind::misuse, "values_from_env: " + added.error().message());
    if (environment == nullptr) continue;
    for (const auto& [name, value] : *environment) {
      if (matching.find({CapabilityKind::env, name}) != nullptr) secrets.add(value, "the variable " + name);
    }
  }
  return secrets.pattern();
}

// The text of a JSON value; of a string what it says.
std::string plain_text(const std::string& json) {
  if (json.size() < 2 || json.front() != '"') return json;
  return json_string_value(std::string_view(json).substr(1, json.size() - 2));
}

}  // namespace

bool RedactionConfig::configured() const {
  return builtin || !patterns.empty() || !paths.empty() || !values_from_env.empty() || !values_from_config.empty() ||
         !values.empty();
}

RedactionConfig with_config_values(RedactionConfig config,
                                   const std::map<std::string, std::string, std::less<>>& plugin_config) {
  for (const std::string& key : config.values_from_config) {
    const auto found = plugin_config.find(key);
    if (found != plugin_config.end()) config.values.push_back(plain_text(found->second));
  }
  return config;
}

Redactor::Redactor() : impl_(std::make_unique<Impl>()) {}
Redactor::~Redactor() = default;

Result<std::shared_ptr<const Redactor>> Redactor::create(RedactionConfig config,
                                                         const std::map<std::string, std::string>* environment) {
  std::shared_ptr<Redactor> redactor(new Redactor());
  Impl& impl = *redactor->impl_;
  std::vector<std::string> patterns;
  if (config.builtin) patterns.assign(std::begin(kBuiltin), std::end(kBuiltin));
  patterns.insert(patterns.end(), config.patterns.begin(), config.patterns.end());
  WPLUG_TRY_ASSIGN(std::string known, known_pattern(config, environment, impl.warnings));
  if (!known.empty()) patterns.push_back(std::move(known));
  for (const std::string& path : config.paths) {
    WPLUG_TRY_ASSIGN(RedactionPath steps, parse_redaction_path(path));
    impl.paths.push_back(std::move(steps));
  }
  if (!patterns.empty()) {
    WPLUG_TRY_ASSIGN(const PatternServices* services, pattern_services());
    std::string error;
    impl.patterns = services->compile(patterns, true, error);
    if (!impl.patterns) return Error(ErrorKind::misuse, error);
  }
  if (config.hash) {
    WPLUG_TRY(openssl_services());
  }
  impl.config = std::move(config);
  return std::shared_ptr<const Redactor>(std::move(redactor));
}

const std::vector<std::string>& Redactor::warnings() const { return impl_->warnings; }
bool Redactor::masks_outputs(bool by_default) const { return impl_->config.outputs.value_or(by_default); }

std::string Redactor::redact(std::string_view text) const {
  std::string out;
  RedactorStream stream(*this);
  stream.write(text, out);
  stream.flush(out);
  return out;
}

bool Redactor::Impl::is_clean(std::string_view text) const {
  return (patterns == nullptr || !patterns->any(text)) &&
         (!config.builtin || find_key_block(text) == std::string_view::npos);
}

std::vector<TextSpan> Redactor::Impl::spans(std::string_view text) const {
  std::vector<TextSpan> found;
  if (patterns == nullptr) return found;
  patterns->find(text, found);
  std::erase_if(found, [text](const TextSpan& span) { return is_mask(text.substr(span.begin, span.end - span.begin)); });
  std::sort(found.begin(), found.end(), [](const TextSpan& a, const TextSpan& b) { return a.begin < b.begin; });
  std::vector<TextSpan> merged;
  for (const TextSpan& span : found) {
    if (!merged.empty() && span.begin < merged.back().end) {
      merged.back().end = std::max(merged.back().end, span.end);
    } else {
      merged.push_back(span);
    }
  }
  return merged;
}

std::string Redactor::Impl::mask(std::string_view secret) const {
  if (!config.hash) return std::string(kMask);
  const Digest digest = hmac_sha256(config.salt, secret);
  std::string text(kHashMask);
  for (size_t i = 0; i < kHashDigits / 2; ++i) text += {kHex[digest[i] >> 4], kHex[digest[i] & 15]};
  return text + "]";
}

void Redactor::Impl::append_masked(std::string_view text, const std::vector<TextSpan>& spans, std::string& out) const {
  size_t at = 0;
  for (const TextSpan& span : spans) {
    out += text.substr(at, span.begin - at);
    out += mask(text.substr(span.begin, span.end - span.begin));
    at = span.end;
  }
  out += text.substr(at);
}

}  // namespace wplug
