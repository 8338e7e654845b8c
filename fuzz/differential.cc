// Generates modules and runs each in every configuration of the engine: results, traps, memories, globals and the count of
// instructions must be the same.
//
//   fuzz-differential [--seeds FIRST..LAST] [--seconds N] [--without FEATURE,…] [--out FILE] [--keep FOLDER] [FILE.hex…]
//
// Files are modules in hexadecimal, which are run instead of seeds unless --seeds is given too.
// --out writes, for each module, a line of JSON with its name, bytes (hexadecimal) and outcome, for comparison with other builds and
// engines. --keep saves modules that differ. Exit code 1 when something differed.
#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/module_generator.h"
#include "fuzz/outcome.h"

namespace wplug::fuzz {

namespace {

struct Options {
  uint64_t first = 0;
  uint64_t last = UINT64_MAX;
  double seconds = 0;
  Features features = Features::all();
  std::string out;
  std::string keep;
  std::vector<std::string> files;
};

// Small enough for collections in modules that make garbage, large enough for what they keep.
constexpr uint64_t kSmallHeap = uint64_t{768} << 10;
constexpr uint64_t kCollectEach = 2048;

struct Configuration {
  const char* name;
  Engine engine;
  // How the collector is made to run in the midst of things; only where objects took as much as `least_heap` bytes.
  uint64_t heap_bytes = StoreLimits{}.gc_heap_bytes;
  uint64_t collect_each = UINT64_MAX;
  uint64_t least_heap = 0;
  bool shares_code = false;  // the engine is the first one
};

[[noreturn]] void usage(const std::string& why) {
  std::fprintf(stderr, "fuzz-differential: %s\n", why.c_str());
  std::exit(2);
}

uint64_t number(std::string_view text) {
  char* end = nullptr;
  const std::string copy(text);
  const uint64_t value = std::strtoull(copy.c_str(), &end, 10);
  if (copy.empty() || *end != '\0') usage("not a number: " + copy);
  return value;
}

Options parse(int count, char** words) {
  Options options;
  bool has_seeds = false;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = words[i];
    if (!name.starts_with("--")) {
      options.files.emplace_back(name);
      continue;
    }
    if (i + 1 == count) usage(std::string(name) + " needs a value");
    const std::string_view value = words[++i];
    if (name == "--seeds") {
      has_seeds = true;
      const size_t dots = value.find("..");
      if (dots == std::string_view::npos) usage("--seeds FIRST..LAST");
      options.first = number(value.substr(0, dots));
      options.last = number(value.substr(dots + 2));
    } else if (name == "--seconds") {
      options.seconds = static_cast<double>(number(value));
    } else if (name == "--out") {
      options.out = value;
    } else if (name == "--keep") {
      options.keep = value;
    } else if (name == "--without") {
      for (size_t at = 0; at <= value.size();) {
        const size_t end = std::min(value.find(',', at), value.size());
        const std::optional<Feature> feature = Features::find(value.substr(at, end - at));
        if (!feature) usage("no such feature: " + std::string(value.substr(at, end - at)));
        options.features.disable(*feature);
        at = end + 1;
      }
    } else {
      usage("unknown option " + std::string(name));
    }
  }
  if (!options.files.empty() && !has_seeds) {
    options.first = 1;
    options.last = 0;
  }
  if (options.last == UINT64_MAX && options.seconds == 0) options.last = options.first + 999;
  return options;
}

std::vector<uint8_t> read_hex(const std::string& path) {
  std::ifstream file(path);
  if (!file) usage("cannot read " + path);
  std::vector<uint8_t> bytes;
  std::string digits;
  for (char c; file.get(c);) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<uint8_t>(std::stoul(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

std::vector<Configuration> configurations() {
  std::vector<Configuration> all;
  auto add = [&all](const char* name, auto change) {
    Config config;
    change(config);
    Result<Engine> engine = Engine::create(config);
    if (engine.ok()) {
      all.push_back({name, std::move(*engine), StoreLimits{}.gc_heap_bytes, UINT64_MAX, 0, false});
    } else {
      std::fprintf(stderr, "skipped: %s: %s\n", name, engine.error().message().c_str());
    }
  };
  add("default", [](Config&) {});
  add("no registers", [](Config& config) { config.register_allocation = false; });
  add("guard pages", [](Config& config) { config.memory = MemoryKind::guard_pages; });
  add("lowered ahead", [](Config& config) { config.eager_lowering = true; });
  add("no metering", [](Config& config) { config.metering = false; });
  all.push_back({"collecting often", all[0].engine, StoreLimits{}.gc_heap_bytes, kCollectEach, 1, true});
  all.push_back({"small heap", all[0].engine, kSmallHeap, UINT64_MAX, kSmallHeap / 2, true});
  return all;
}

std::string first_difference(const Outcome& a, const Outcome& b, bool with_fuel) {
  for (size_t i = 0; i < std::max(a.lines.size(), b.lines.size()); ++i) {
    const std::string left = i < a.lines.size() ? a.lines[i] : "nothing", right = i < b.lines.size() ? b.lines[i] : "nothing";
    if (left != right) return left + "\n      against " + right;
  }
  for (size_t i = 0; with_fuel && i < a.fuel.size(); ++i) {
    if (a.fuel[i] != b.fuel[i]) {
      return "fuel of call " + std::to_string(i) + ": " + std::to_string(a.fuel[i]) + " against " + std::to_string(b.fuel[i]);
    }
  }
  return {};
}

void write_json(std::ofstream& out, const std::string& name, const std::vector<uint8_t>& bytes, const Outcome& outcome) {
  out << "{\"name\":\"" << name << "\",\"stopped\":" << (outcome.out_of_fuel || outcome.out_of_stack ? "true" : "false") << ",\"bytes\":\"";
  static constexpr char kDigits[] = "0123456789abcdef";
  for (uint8_t byte : bytes) out << kDigits[byte >> 4] << kDigits[byte & 15];
  out << "\",\"lines\":[";
  for (size_t i = 0; i < outcome.lines.size(); ++i) out << (i == 0 ? "\"" : ",\"") << outcome.lines[i] << '"';
  out << "],\"fuel\":[";
  for (size_t i = 0; i < outcome.fuel.size(); ++i) out << (i == 0 ? "" : ",") << outcome.fuel[i];
  out << "]}\n";
}

class Differential {
 public:
  explicit Differential(const Options& options) : options_(options), all_(configurations()) {
    if (!options.out.empty()) out_.open(options.out);
  }

  int run() {
    const auto begin = std::chrono::steady_clock::now();
    for (const std::string& path : options_.files) one(path, 0, read_hex(path));
    uint64_t seed = options_.first;
    for (; seed <= options_.last; ++seed) {
      const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
      if (options_.seconds > 0 && passed.count() >= options_.seconds) break;
      one("seed " + std::to_string(seed), seed, generate_module(seed, {options_.features}));
    }
    std::printf("%llu modules, from seed %llu: %llu calls, %llu traps, %llu instructions, %llu modules out of fuel, %llu out of stack, "
                "%llu out of a small heap, %llu refused, %llu collections, %llu differences\n",
                static_cast<unsigned long long>(seed - options_.first + options_.files.size()), static_cast<unsigned long long>(options_.first), calls_,
                traps_, instructions_, out_of_fuel_, out_of_stack_, out_of_heap_, refused_, collections_, differences_);
    return differences_ == 0 && refused_ == 0 ? 0 : 1;
  }

 private:
  void one(const std::string& name, uint64_t seed, const std::vector<uint8_t>& bytes) {
    RunOptions plain;
    plain.seed = seed;
    const Engine& engine = all_[0].engine;
    const Result<Module> module = Module::compile(engine, bytes);
    const Outcome reference = run_module(engine, module, plain);
    count(name, reference);
    if (out_.is_open()) write_json(out_, name, bytes, reference);
    RunOptions exact = plain;
    exact.stop_one_short = true;
    // Compiled again, so that functions are lowered in the midst of this, too.
    const Outcome exact_reference = run_module(engine, Module::compile(engine, bytes), exact);
    for (const std::string& line : exact_reference.lines) {
      if (line.find("PAST THE LIMIT") != std::string::npos) report(name, bytes, all_[0].name, line);
    }
    for (size_t i = 1; i < all_.size(); ++i) {
      const Configuration& other = all_[i];
      const bool metered = other.engine.config().metering;
      if ((!metered && reference.out_of_fuel) || reference.heap_bytes < other.least_heap) continue;
      RunOptions options = plain;
      options.heap_bytes = exact.heap_bytes = other.heap_bytes;
      options.collect_each = exact.collect_each = other.collect_each;
      if (!metered) options.fuel = 0;
      const Result<Module> own = other.shares_code ? module : Module::compile(other.engine, bytes);
      const Outcome outcome = run_module(other.engine, own, options);
      collections_ += outcome.collections;
      if (reference.out_of_stack || outcome.out_of_stack) continue;
      if (outcome.out_of_heap && !reference.out_of_heap) {
        ++out_of_heap_;
        continue;
      }
      std::string difference = first_difference(reference, outcome, metered);
      if (difference.empty() && metered) {
        const Outcome one_short = run_module(other.engine, own, exact);
        if (one_short.out_of_heap && !exact_reference.out_of_heap) continue;
        difference = first_difference(exact_reference, one_short, true);
      }
      if (!difference.empty()) report(name, bytes, other.name, difference);
    }
  }
  void count(const std::string& name, const Outcome& outcome) {
    out_of_fuel_ += outcome.out_of_fuel ? 1 : 0;
    out_of_stack_ += outcome.out_of_stack ? 1 : 0;
    for (const std::string& line : outcome.lines) {
      calls_ += line.starts_with("f") ? 1 : 0;
      traps_ += line.find(": trap ") != std::string::npos ? 1 : 0;
      if (line.starts_with("refused")) {
        ++refused_;
        std::printf("%s: %s\n", name.c_str(), line.c_str());
      }
    }
    for (uint64_t used : outcome.fuel) instructions_ += used;
  }
  void report(const std::string& name, const std::vector<uint8_t>& bytes, const char* configuration, const std::string& difference) {
    ++differences_;
    std::printf("%s, %s: %s\n", name.c_str(), configuration, difference.c_str());
    if (options_.keep.empty()) return;
    std::string file_name = name;
    for (char& c : file_name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
    std::ofstream file(options_.keep + "/" + file_name + ".wasm", std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }

  const Options& options_;
  std::vector<Configuration> all_;
  std::ofstream out_;
  unsigned long long calls_ = 0, traps_ = 0, instructions_ = 0, out_of_fuel_ = 0, out_of_stack_ = 0, refused_ = 0, out_of_heap_ = 0, collections_ = 0,
                     differences_ = 0;
};

}  // namespace

}  // namespace wplug::fuzz

int main(int count, char** words) {
  const wplug::fuzz::Options options = wplug::fuzz::parse(count, words);
  return wplug::fuzz::Differential(options).run();
}
