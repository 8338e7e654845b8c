// A native plugin that does what the host must survive; WPLUG_HOSTILE says what.
#include <wplug/native_plugin.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

bool is(const char* kind) {
  const char* const chosen = std::getenv("WPLUG_HOSTILE");
  return chosen != nullptr && std::strcmp(chosen, kind) == 0;
}

wplug_text text(const char* value) { return {value, std::strlen(value)}; }

wplug_text describe() { return is("describe") ? text("{\"name\":") : text("{\"name\":\"hostile\"}"); }

void* init(const wplug_native_host*) {
  if (is("init-throws")) throw std::runtime_error("no");
  static int instance;
  return is("init-null") ? nullptr : &instance;
}

int32_t execute(void*, wplug_text, wplug_text* output) {
  if (is("throws")) throw std::runtime_error("thrown on purpose");
  if (is("throws-int")) throw 5;
  if (is("null")) *output = {nullptr, 100};
  if (is("code")) *output = text("because");
  if (is("long")) {
    static const std::string kLong(size_t{65} << 20, 'x');
    *output = {kLong.data(), kLong.size()};
  }
  // Longer than the test's limit, by the clock that the host looks at.
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  while (is("slow") && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  return is("code") ? -9 : 0;
}

int32_t health(void*) { return is("health") ? 4 : 0; }

}  // namespace

extern "C" WPLUG_NATIVE_EXPORT const wplug_native_table* wplug_native_plugin(void) {
  static wplug_native_table table;
  table.version = is("version") ? 99 : WPLUG_NATIVE_VERSION;
  table.describe = describe;
  table.init = init;
  table.execute = is("no-execute") ? nullptr : execute;
  table.health = health;
  return is("no-table") ? nullptr : &table;
}
