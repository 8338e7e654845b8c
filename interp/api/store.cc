#include "wplug/store.h"

#include <string>
#include <utility>

#include "interp/api/impl.h"

namespace wplug {

namespace {

constexpr uint64_t kLeastStackBytes = 1024;

uint64_t saturating_add(uint64_t a, uint64_t b, uint64_t most) { return a > most || b > most - a ? most : a + b; }

// Makes running code settle and look at fuel, deadline and interrupt at its next check.
void ask_soon(Context& context) { context.slice_end = 0; }

}  // namespace

void InterruptHandle::interrupt() const { state_->flag.store(1, std::memory_order_release); }

Result<Store> Store::create(const Engine& engine, const StoreLimits& limits) {
  if (limits.stack_bytes < kLeastStackBytes || limits.stack_bytes > PTRDIFF_MAX) {
    return Error(ErrorKind::misuse, "stack of " + std::to_string(limits.stack_bytes) + " bytes: at least " +
                                        std::to_string(kLeastStackBytes) + " are needed");
  }
  auto impl = std::make_unique<StoreImpl>(engine);
  const size_t slots = static_cast<size_t>(limits.stack_bytes / sizeof(Slot));
  impl->stack = Block(engine.config().allocator);
  if (!impl->stack.allocate(slots * sizeof(Slot))) {
    return Error(ErrorKind::limit, "the system refuses a stack of " + std::to_string(limits.stack_bytes) + " bytes");
  }
  impl->limits = limits;
  impl->interrupt = std::make_shared<InterruptHandle::State>();
  Context& context = impl->context;
  context.stack_top = static_cast<Slot*>(impl->stack.data());
  context.stack_limit = context.stack_top + slots;
  context.store = impl.get();
  context.interrupt = &impl->interrupt->flag;
  return Store(std::move(impl));
}

Store::Store(std::unique_ptr<StoreImpl> impl) : impl_(std::move(impl)) { impl_->owner = this; }

Store::Store(Store&& other) noexcept : impl_(std::move(other.impl_)) {
  if (impl_ != nullptr) impl_->owner = this;
}

Store& Store::operator=(Store&& other) noexcept {
  impl_ = std::move(other.impl_);
  if (impl_ != nullptr) impl_->owner = this;
  return *this;
}

Store::~Store() = default;

const Engine& Store::engine() const { return impl_->engine; }

const StoreLimits& Store::limits() const { return impl_->limits; }

Result<void> Store::set_fuel(std::optional<uint64_t> fuel) {
  Context& context = impl_->context;
  if (!fuel.has_value()) {
    context.fuel_stop = UINT64_MAX;
    return {};
  }
  if (!impl_->engine.config().metering) {
    return Error(ErrorKind::misuse, "a fuel limit needs an engine that meters: set Config::metering");
  }
  // UINT64_MAX stays free to mean that there is no limit.
  context.fuel_stop = saturating_add(context.consumed, *fuel, UINT64_MAX - 1);
  ask_soon(context);
  return {};
}

std::optional<uint64_t> Store::fuel() const {
  const Context& context = impl_->context;
  if (context.fuel_stop == UINT64_MAX) return std::nullopt;
  return context.consumed < context.fuel_stop ? context.fuel_stop - context.consumed : 0;
}

uint64_t Store::fuel_consumed() const { return impl_->engine.config().metering ? impl_->context.consumed : 0; }

void Store::charge(uint64_t instructions) {
  if (!impl_->engine.config().metering) return;
  Context& context = impl_->context;
  context.consumed = saturating_add(context.consumed, instructions, UINT64_MAX - 1);
}

void Store::set_deadline(std::optional<std::chrono::steady_clock::time_point> deadline) {
  using std::chrono::nanoseconds;
  impl_->context.deadline_ns =
      deadline.has_value() ? std::chrono::duration_cast<nanoseconds>(deadline->time_since_epoch()).count() : INT64_MAX;
  ask_soon(impl_->context);
}

std::optional<std::chrono::steady_clock::time_point> Store::deadline() const {
  using Clock = std::chrono::steady_clock;
  if (impl_->context.deadline_ns == INT64_MAX) return std::nullopt;
  return Clock::time_point(
      std::chrono::duration_cast<Clock::duration>(std::chrono::nanoseconds(impl_->context.deadline_ns)));
}

InterruptHandle Store::interrupt_handle() const {
  InterruptHandle handle;
  handle.state_ = impl_->interrupt;
  return handle;
}

bool Store::interrupted() const { return impl_->interrupt->flag.load(std::memory_order_acquire) != 0; }

void Store::clear_interrupt() { impl_->interrupt->flag.store(0, std::memory_order_release); }

uint64_t Store::memory_bytes() const { return impl_->memory_bytes; }

uint64_t Store::peak_memory_bytes() const { return impl_->peak_memory_bytes; }

uint64_t Store::memory_denials() const { return impl_->memory_denials; }

void Store::set_user_data(void* data) { impl_->user_data = data; }

void* Store::user_data() const { return impl_->user_data; }

}  // namespace wplug
