// Redactor: masks secrets in what plugins write, log, fail with and, where asked for, give back.
//
// It keeps secrets out of logs by accident, not by force: a plugin that knows a secret and wants to show it can write it
// backwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"

namespace wplug {

// What counts as a secret. The zero value masks nothing.
struct RedactionConfig {
  bool builtin = false;                     // the patterns of host/redactor_patterns.def, and private key blocks
  std::vector<std::string> patterns;        // RE2 syntax, on bytes of one line; a group named `secret` is what is masked
  std::vector<std::string> paths;           // in JSON: user.password, *.token, items[*].secret, **.pin, "a.b".c
  std::vector<std::string> values_from_env;  // names of variables whose values are secrets: AWS_*
  std::vector<std::string> values_from_config;  // keys of the plugin's configuration whose values are
  std::vector<std::string> values;          // secrets themselves
  bool hash = false;                        // [REDACTED:sha256:1f2e3d4c5b6a], so that equal secrets are recognised
  std::string salt;                         // of the hash
  std::optional<bool> outputs;              // also results of calls; unset: what the ABI says

  bool operator==(const RedactionConfig&) const = default;
  bool configured() const;
};

// Immutable, shared by all threads. Loads RE2 when the first one is made.
class Redactor {
 public:
  // `environment` is what values_from_env names variables of. values_from_config is not looked at: see
  // add_config_values. Errors: misuse (a pattern or path that is none), host (a library is not there).
  static Result<std::shared_ptr<const Redactor>> create(RedactionConfig config,
                                                        const std::map<std::string, std::string>* environment = nullptr);
  ~Redactor();

  // Any text, of any number of lines.
  std::string redact(std::string_view text) const;
  // JSON: values at the paths are masked whole, other strings as text is; what is not touched stays as it is written.
  // Text that is not JSON is redacted as text.
  std::string redact_json(std::string_view text) const;
  // Whether results of calls are masked, by an ABI that says `by_default`.
  bool masks_outputs(bool by_default) const;
  // Secrets that were named and are too short to be looked for, as messages.
  const std::vector<std::string>& warnings() const;

  // Values shorter than this would mask half of every text.
  static constexpr size_t kLeastSecret = 6;

 private:
  friend class RedactorStream;
  friend class JsonRedaction;
  Redactor();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// `config` with the values of the keys it names as secrets in `values`. `plugin_config`: key to JSON text.
RedactionConfig with_config_values(RedactionConfig config,
                                   const std::map<std::string, std::string, std::less<>>& plugin_config);

// Text that comes in pieces. What it gives does not depend on where the pieces begin and end, and is what Redactor::redact
// gives for the whole. It holds back an unfinished line of at most kWindow bytes; of a longer line, secrets of up to half
// of that are found and what follows a longer one is masked to the line's end. A private key block of any length is one
// mask. One thread at a time.
class RedactorStream {
 public:
  static constexpr size_t kWindow = size_t{64} << 10;

  explicit RedactorStream(const Redactor& redactor) : redactor_(redactor) {}
  // Appends to `out` what is known to be clean.
  void write(std::string_view text, std::string& out);
  // Appends what is held back; the text ends here.
  void flush(std::string& out);

 private:
  enum class Mode : uint8_t { text, key_block, rest_of_line };
  size_t whole_lines(std::string_view text) const;
  void lines(std::string_view text, std::string& out);
  void line(std::string_view text, std::string& out);
  void cut(std::string& out);
  // How much of `text` belongs to the key block; the mode is text again when it ended there.
  size_t key_block(std::string_view text, bool is_all, std::string& out);
  void keep_secret(std::string_view text);

  const Redactor& redactor_;
  Mode mode_ = Mode::text;
  bool mid_line_ = false;   // the line's beginning is out already
  std::string pending_;     // of the current line
  std::string secret_;      // the key block so far, for its hash; bounded
};

}  // namespace wplug
