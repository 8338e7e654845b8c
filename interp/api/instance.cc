#include "wplug/instance.h"

#include "interp/api/impl.h"

namespace wplug {

namespace {

Extern make_extern(StoreImpl* store, InstanceImpl& instance, const ExportDef& exported) {
  switch (exported.kind) {
    case ExternKind::table:
      return Table(store, instance.tables[exported.index]);
    case ExternKind::memory:
      return Memory(store, instance.memories[exported.index]);
    case ExternKind::global:
      return Global(store, instance.global_instances[exported.index]);
    case ExternKind::tag:
      return Tag(store, instance.tags[exported.index]);
    default:
      return Func(store, function_instance(instance, exported.index));
  }
}

template <class T>
std::optional<T> get(const Instance& instance, std::string_view name) {
  std::optional<Extern> external = instance.get_export(name);
  if (!external.has_value() || !std::holds_alternative<T>(*external)) return std::nullopt;
  return std::get<T>(*external);
}

}  // namespace

Result<Instance> Instance::create(Store& store, const Module& module, std::span<const Extern> imports) {
  WPLUG_TRY_ASSIGN(InstanceImpl * instance, instantiate(*store.impl(), module.impl(), imports));
  return Instance(store.impl(), instance);
}

Module Instance::module() const { return Module(instance_->module); }

std::optional<Extern> Instance::get_export(std::string_view name) const {
  const ExportDef* exported = instance_->module->find_export(name);
  if (exported == nullptr) return std::nullopt;
  return make_extern(store_, *instance_, *exported);
}

std::optional<Func> Instance::get_func(std::string_view name) const { return get<Func>(*this, name); }

std::optional<Memory> Instance::get_memory(std::string_view name) const { return get<Memory>(*this, name); }

std::optional<Global> Instance::get_global(std::string_view name) const { return get<Global>(*this, name); }

std::optional<Table> Instance::get_table(std::string_view name) const { return get<Table>(*this, name); }

std::optional<Tag> Instance::get_tag(std::string_view name) const { return get<Tag>(*this, name); }

}  // namespace wplug
