// What masking costs: bytes of log text a second of CPU time, and what an account adds to a call.
//
//   bench-redactor [MEGABYTES]
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "wplug/account.h"
#include "wplug/redactor.h"

namespace {

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Ordinary log lines, of which one in `every` has a secret; 0: none.
std::string log_text(size_t bytes, unsigned every) {
  std::string text;
  for (unsigned n = 1; text.size() < bytes; ++n) {
    text += "2024-05-17T09:" + std::to_string(10 + n % 50) + ":07.123Z INFO  [worker-" + std::to_string(n % 16) +
            "] handled GET /api/v1/orders/" + std::to_string(n * 7919) + "?page=" + std::to_string(n % 9) +
            " status=200 bytes=" + std::to_string(n * 31 % 100'000) + " took=" + std::to_string(n % 97) + "ms";
    if (every != 0 && n % every == 0) text += " key=AKIA" + std::string(16, 'Q');
    text += '\n';
  }
  return text;
}

void measure(const char* what, const wplug::Redactor& redactor, const std::string& text, size_t piece) {
  for (int run = 0; run < 5; ++run) {
    std::string out;
    wplug::RedactorStream stream(redactor);
    const double begin = cpu_seconds();
    for (size_t at = 0; at < text.size(); at += piece) {
      stream.write(std::string_view(text).substr(at, piece), out);
      out.clear();
    }
    stream.flush(out);
    std::printf("%-44s %8.0f MB/s\n", what, static_cast<double>(text.size()) / 1e6 / (cpu_seconds() - begin));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const size_t bytes = (argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 64) * 1'000'000;
  wplug::RedactionConfig config;
  config.builtin = true;
  const auto begin = cpu_seconds();
  const auto redactor = wplug::Redactor::create(config);
  if (!redactor.ok()) {
    std::printf("%s\n", redactor.error().message().c_str());
    return 1;
  }
  std::printf("making a redactor %.2f ms\n", (cpu_seconds() - begin) * 1e3);
  const std::string plain = log_text(bytes, 0);
  measure("no secrets, writes of 64 KiB", **redactor, plain, 65'536);
  measure("no secrets, writes of 100 bytes", **redactor, plain, 100);
  measure("a secret in 1000 lines, writes of 64 KiB", **redactor, log_text(bytes, 1000), 65'536);
  measure("a secret in each line, writes of 64 KiB", **redactor, log_text(bytes / 8, 1), 65'536);

  wplug::Account account;
  wplug::Usage usage;
  usage.calls = 1;
  usage.instructions = 1000;
  usage.input_bytes = usage.output_bytes = 100;
  usage.time = std::chrono::microseconds(2);
  constexpr int kCalls = 10'000'000;
  const double start = cpu_seconds();
  for (int i = 0; i < kCalls; ++i) account.add(usage);
  std::printf("adding a call to an account %.1f ns\n", (cpu_seconds() - start) / kCalls * 1e9);
  return account.usage().calls == kCalls ? 0 : 1;
}
