// Instance: a module brought to life in a store.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "wplug/error.h"
#include "wplug/func.h"
#include "wplug/global.h"
#include "wplug/memory.h"
#include "wplug/module.h"
#include "wplug/store.h"
#include "wplug/table.h"
#include "wplug/tag.h"

namespace wplug {

using Extern = std::variant<Func, Table, Memory, Global, Tag>;

ExternKind kind_of(const Extern& external);

// Small, copyable handle; valid as long as its store.
class Instance {
 public:
  // Instantiates in the spec's steps (4.7.5): matches imports in the module's order, allocates, runs the active
  // segments, then the start function. Errors: link, limit, trap, exit.
  static Result<Instance> create(Store& store, const Module& module, std::span<const Extern> imports);

  Module module() const;
  std::optional<Extern> get_export(std::string_view name) const;
  std::optional<Func> get_func(std::string_view name) const;
  std::optional<Memory> get_memory(std::string_view name) const;
  std::optional<Global> get_global(std::string_view name) const;
  std::optional<Table> get_table(std::string_view name) const;
  std::optional<Tag> get_tag(std::string_view name) const;

  explicit Instance(StoreImpl* store, InstanceImpl* instance) : store_(store), instance_(instance) {}
  InstanceImpl* impl() const { return instance_; }
  StoreImpl* store_impl() const { return store_; }

 private:
  StoreImpl* store_;
  InstanceImpl* instance_;
};

}  // namespace wplug
