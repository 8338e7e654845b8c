#include "bench/module_bytes.h"

#include <initializer_list>
#include <string_view>

namespace wplug::bench {
namespace {

// Appends to a module; every count and size here fits one LEB byte.
class Builder {
 public:
  Builder() : bytes_{0, 'a', 's', 'm', 1, 0, 0, 0} {}

  Builder& section(uint8_t id, const Bytes& payload) {
    bytes_.push_back(id);
    bytes_.push_back(static_cast<uint8_t>(payload.size() & 0x7f) | 0x80);
    bytes_.push_back(static_cast<uint8_t>(payload.size() >> 7));
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
    return *this;
  }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

Bytes concat(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes name(std::string_view text) {
  Bytes bytes{static_cast<uint8_t>(text.size())};
  for (const char c : text) bytes.push_back(static_cast<uint8_t>(c));
  return bytes;
}

Bytes export_function(std::string_view text, uint8_t index) { return concat({name(text), {0x00, index}}); }

// A function body with its size in front.
Bytes body(const Bytes& code) { return concat({{static_cast<uint8_t>(code.size())}, code}); }

constexpr uint8_t kI32 = 0x7f;

}  // namespace

Bytes calls_module() {
  const Bytes types{2, 0x60, 2, kI32, kI32, 1, kI32, 0x60, 1, kI32, 1, kI32};
  const Bytes add{0, 0x20, 0, 0x20, 1, 0x6a, 0x0b};
  // local 1 is the running value: loop { v = host(v); if (--n) continue } v
  const Bytes call_host{1,    1,    kI32, 0x03, 0x40, 0x20, 1,    0x10, 0,    0x21, 1,    0x20, 0,   0x41,
                        1,    0x6b, 0x22, 0,    0x0d, 0,    0x0b, 0x20, 1,    0x0b};
  // loop { v = (v + n) ^ n; if (--n) continue } v
  const Bytes spin{1, 1,    kI32, 0x03, 0x40, 0x20, 1, 0x20, 0, 0x6a, 0x20, 0, 0x73, 0x21, 1, 0x20, 0,
                   0x41, 1, 0x6b, 0x22, 0,    0x0d, 0, 0x0b, 0x20, 1, 0x0b};
  return Builder()
      .section(1, types)
      .section(2, concat({{1}, name("env"), name("host"), {0x00, 1}}))
      .section(3, {3, 0, 1, 1})
      .section(7, concat({{3}, export_function("add", 1), export_function("call_host", 2), export_function("spin", 3)}))
      .section(10, concat({{3}, body(add), body(call_host), body(spin)}))
      .take();
}

Bytes small_module() {
  const Bytes types{2, 0x60, 2, kI32, kI32, 1, kI32, 0x60, 0, 0};
  const Bytes add{0, 0x20, 0, 0x20, 1, 0x6a, 0x0b};
  const Bytes subtract{0, 0x20, 0, 0x20, 1, 0x6b, 0x0b};
  const Bytes load{0, 0x20, 0, 0x20, 1, 0x6a, 0x28, 2, 0, 0x0b};
  const Bytes nothing{0, 0x0b};
  const Bytes text = name("text that the instance begins with, in its linear memory at address 16");
  return Builder()
      .section(1, types)
      .section(3, {4, 0, 0, 0, 1})
      .section(4, {1, 0x70, 0x01, 4, 4})
      .section(5, {1, 0x01, 1, 16})
      .section(6, {1, kI32, 1, 0x41, 0x80, 0x08, 0x0b})
      .section(7, concat({{4}, name("memory"), {0x02, 0}, export_function("add", 0), export_function("load", 2),
                          export_function("_initialize", 3)}))
      .section(9, {1, 0, 0x41, 0, 0x0b, 3, 0, 1, 2})
      .section(10, concat({{4}, body(add), body(subtract), body(load), body(nothing)}))
      .section(11, concat({{1, 0, 0x41, 16, 0x0b}, text}))
      .take();
}

}  // namespace wplug::bench
