#include "host/serve/live_pipeline.h"

#include <utility>

namespace wplug {

std::string_view to_string(ReloadOutcome outcome) {
  static constexpr std::string_view kNames[] = {"loaded", "unchanged", "rejected"};
  return kNames[static_cast<size_t>(outcome)];
}

LivePipeline::LivePipeline(const ServeContext& context, std::string file, std::shared_ptr<Generation> first)
    : context_(context), file_(std::move(file)), name_(first->name), current_(std::move(first)) {}

Result<std::unique_ptr<LivePipeline>> LivePipeline::open(const ServeContext& context, std::string file) {
  WPLUG_TRY_ASSIGN(std::shared_ptr<Generation> first, load_generation(context, file));
  return std::unique_ptr<LivePipeline>(new LivePipeline(context, std::move(file), std::move(first)));
}

std::shared_ptr<Generation> LivePipeline::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

std::optional<ReloadEvent> LivePipeline::reload() {
  ReloadEvent event{name_, file_, ReloadOutcome::rejected, number(), ""};
  auto loaded = load_generation(context_, file_);
  if (!loaded.ok()) {
    if (changed_while_loading(loaded.error())) return std::nullopt;
    event.error = loaded.error().message();
  } else if ((*loaded)->name != name_) {
    event.error =
        file_ + ": its name is now \"" + (*loaded)->name + "\" and was \"" + name_ + "\": a new name needs a restart";
  } else if (same_contents(**loaded, *current())) {
    event.outcome = ReloadOutcome::unchanged;
  } else {
    event.outcome = ReloadOutcome::loaded;
    event.generation = (*loaded)->number = number() + 1;
    std::shared_ptr<Generation> before = std::move(*loaded);
    const std::lock_guard lock(mutex_);
    current_.swap(before);
    number_.store(event.generation, std::memory_order_release);
  }
  reloads_[static_cast<size_t>(event.outcome)].fetch_add(1, std::memory_order_relaxed);
  return event;
}

}  // namespace wplug
