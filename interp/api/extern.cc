// What the five kinds of external things have in common.
#include "interp/api/impl.h"
#include "interp/store/references.h"

namespace wplug {

ExternKind kind_of(const Extern& external) {
  constexpr ExternKind kKinds[] = {ExternKind::func, ExternKind::table, ExternKind::memory, ExternKind::global,
                                   ExternKind::tag};
  static_assert(std::variant_size_v<Extern> == std::size(kKinds));
  return kKinds[external.index()];
}

StoreImpl* store_of(const Extern& external) {
  return std::visit([](const auto& thing) { return thing.store_impl(); }, external);
}

ExternType extern_type(const ModuleDef& def, ExternKind kind, uint32_t index) {
  ExternType type;
  type.kind = kind;
  switch (kind) {
    case ExternKind::func:
      type.func = def.function_type(index);
      break;
    case ExternKind::table:
      type.table = def.tables[index].type;
      break;
    case ExternKind::memory:
      type.memory = def.memories[index];
      break;
    case ExternKind::global:
      type.global = def.globals[index].type;
      break;
    case ExternKind::tag:
      type.func = def.tag_type(index);
      break;
  }
  return type;
}

ExternType extern_type(const ModuleImpl& module, ExternKind kind, uint32_t index) {
  ExternType type = extern_type(module.def, kind, index);
  if (kind == ExternKind::func) type.func = module.code->types[module.def.functions[index].type]->func;
  if (kind == ExternKind::tag) type.func = module.code->types[module.def.tags[index].type]->func;
  if (kind == ExternKind::table) type.table.element = canonical_type(*module.code, type.table.element);
  if (kind == ExternKind::global) type.global.type = canonical_type(*module.code, type.global.type);
  return type;
}

ExternType extern_type(const Extern& external) {
  ExternType type;
  type.kind = kind_of(external);
  if (const Func* func = std::get_if<Func>(&external)) type.func = func->type();
  if (const Table* table = std::get_if<Table>(&external)) type.table = table->type();
  if (const Memory* memory = std::get_if<Memory>(&external)) type.memory = memory->type();
  if (const Global* global = std::get_if<Global>(&external)) type.global = global->type();
  if (const Tag* tag = std::get_if<Tag>(&external)) type.func = tag->type();
  return type;
}

}  // namespace wplug
