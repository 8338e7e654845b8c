// Damages modules and gives them to the targets.
//
//   fuzz-mutate [--target NAME] [--seeds FIRST..LAST] [--rounds N] [FILE…]
//
// Each module of the seeds and each file is given as it is, cut at some places, and N times with some bytes changed. All
// targets unless one is named. Prints what it did; a crash is the failure, and says which seed and round it was.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/module_generator.h"
#include "fuzz/random.h"
#include "fuzz/targets.h"

namespace {

using namespace wplug::fuzz;
using Bytes = std::vector<uint8_t>;

// What a sanitizer's report stands under.
void announce(const std::string& what) { std::fprintf(stderr, "\r%s ", what.c_str()); }

// One to eight changes: bytes replaced, bits turned, pieces doubled, dropped or moved, LEB128 numbers made long or large.
Bytes damaged(const Bytes& bytes, Random& random) {
  Bytes changed = bytes;
  for (uint32_t n = random.between(1, 8); n-- > 0 && !changed.empty();) {
    const uint32_t at = random.below(static_cast<uint32_t>(changed.size()));
    const auto place = changed.begin() + at;
    const uint32_t length = std::min(random.between(1, 16), static_cast<uint32_t>(changed.size()) - at);
    switch (random.below(8)) {
      case 0: *place = static_cast<uint8_t>(random.bits()); break;
      case 1: *place = static_cast<uint8_t>(*place ^ (1u << random.below(8))); break;
      case 2: *place = static_cast<uint8_t>(*place + random.between(0, 2) - 1); break;
      case 3: changed.erase(place, place + length); break;
      case 4: {
        const Bytes piece(place, place + length);
        changed.insert(place, piece.begin(), piece.end());
        break;
      }
      case 5: changed.insert(place, {0xff, 0xff, 0xff, 0xff, static_cast<uint8_t>(random.below(16))}); break;
      case 6: changed.insert(place, static_cast<uint8_t>(random.bits())); break;
      default: *place = static_cast<uint8_t>(random.pick(std::vector<int>{0, 0x7f, 0x80, 0xff, 0x40, 0x0b, 0xfb, 0xfd, 0x7b}));
    }
  }
  return changed;
}

class Mutator {
 public:
  Mutator(std::vector<Target> targets, uint32_t rounds) : targets_(std::move(targets)), rounds_(rounds) {}

  void module(const Bytes& bytes, const std::string& name, uint64_t seed) {
    Random random(seed ^ 0xbb67ae8584caa73bu);
    give(bytes, name);
    for (uint32_t cut = 0; cut < 16 && !bytes.empty(); ++cut) {
      const uint32_t size = random.below(static_cast<uint32_t>(bytes.size()));
      give(Bytes(bytes.begin(), bytes.begin() + size), name + " cut to " + std::to_string(size));
    }
    for (uint32_t round = 0; round < rounds_; ++round) give(damaged(bytes, random), name + " round " + std::to_string(round));
  }
  unsigned long long given() const { return given_; }

 private:
  void give(const Bytes& bytes, const std::string& name) {
    announce(name);
    ++given_;
    for (Target target : targets_) target(bytes);
  }

  std::vector<Target> targets_;
  uint32_t rounds_;
  unsigned long long given_ = 0;
};

[[noreturn]] void usage(const std::string& why) {
  std::fprintf(stderr, "fuzz-mutate: %s\n", why.c_str());
  std::exit(2);
}

}  // namespace

int main(int count, char** words) {
  std::vector<Target> targets = {validate_target, lower_target, execute_target};
  unsigned long long first = 0, last = 0;
  uint32_t rounds = 100;
  bool has_seeds = false;
  std::vector<std::string> files;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const char* value = i + 1 < count ? words[i + 1] : "";
    if (word == "--target") {
      const Target target = find_target(value);
      if (target == nullptr) usage("no target " + std::string(value) + ": validate, lower, execute");
      targets = {target};
      ++i;
    } else if (word == "--seeds") {
      has_seeds = std::sscanf(value, "%llu..%llu", &first, &last) == 2;
      if (!has_seeds) usage("--seeds FIRST..LAST");
      ++i;
    } else if (word == "--rounds") {
      rounds = static_cast<uint32_t>(std::strtoul(value, nullptr, 10));
      ++i;
    } else if (word.starts_with("--")) {
      usage("unknown option " + word);
    } else {
      files.push_back(word);
    }
  }
  Mutator mutator(std::move(targets), rounds);
  for (unsigned long long seed = first; has_seeds && seed <= last; ++seed) {
    mutator.module(generate_module(seed, {}), "seed " + std::to_string(seed), seed);
  }
  for (size_t i = 0; i < files.size(); ++i) {
    std::ifstream file(files[i], std::ios::binary);
    if (!file) usage("cannot read " + files[i]);
    mutator.module(Bytes(std::istreambuf_iterator<char>(file), {}), files[i], i);
  }
  std::fprintf(stderr, "\n");
  std::printf("%llu inputs\n", mutator.given());
  return mutator.given() == 0 ? 2 : 0;
}
