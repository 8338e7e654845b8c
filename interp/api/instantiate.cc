// Instantiation (spec 4.7.5 "Instantiation"), in the spec's steps. Until the first segment is written nothing outside
// knows of the new objects, so a failure up to there takes them back. From there on the instance stays in its store
// even when a segment or the start function traps: its functions may be in tables of others by then.
#include <string>

#include "interp/api/impl.h"
#include "interp/exec/entry.h"
#include "interp/store/references.h"
#include "wplug/trap.h"

namespace wplug {

namespace {

Error out_of_memory(const char* what) {
  return {ErrorKind::limit, std::string("the system refuses memory for ") + what};
}

// Takes back what was allocated since it was made, unless keep() is called.
class Rollback {
 public:
  explicit Rollback(StoreImpl& store)
      : store_(store),
        memories_(store.memories.size()),
        shared_memories_(store.shared_memories.size()),
        tables_(store.tables.size()),
        globals_(store.globals.size()),
        tags_(store.tags.size()),
        memory_bytes_(store.memory_bytes),
        peak_memory_bytes_(store.peak_memory_bytes) {}
  ~Rollback() {
    if (keep_) return;
    store_.instances.pop_back();
    store_.shared_memories.resize(shared_memories_);
    while (store_.memories.size() > memories_) store_.memories.pop_back();
    while (store_.tables.size() > tables_) store_.tables.pop_back();
    while (store_.globals.size() > globals_) store_.globals.pop_back();
    while (store_.tags.size() > tags_) store_.tags.pop_back();
    store_.memory_bytes = memory_bytes_;
    store_.peak_memory_bytes = peak_memory_bytes_;
  }
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;
  void keep() { keep_ = true; }

 private:
  StoreImpl& store_;
  size_t memories_, shared_memories_, tables_, globals_, tags_;
  uint64_t memory_bytes_, peak_memory_bytes_;
  bool keep_ = false;
};

Result<void> check_store(const StoreImpl& store, const ModuleImpl& module) {
  if (module.engine.impl() != store.engine.impl()) {
    return Error(ErrorKind::misuse, "module and store are of different engines");
  }
  if (store.instances.size() >= store.limits.instances) {
    return Error(ErrorKind::limit, "store has " + std::to_string(store.instances.size()) + " instances, its limit is " +
                                       std::to_string(store.limits.instances));
  }
  return {};
}

Result<void> check_imports(const StoreImpl& store, const ModuleImpl& module, std::span<const Extern> imports) {
  const std::vector<ImportDef>& wanted = module.def.imports;
  if (imports.size() < wanted.size()) {
    return Error(ErrorKind::link, "unknown import: " + describe(module.def, wanted[imports.size()]) + "; " +
                                      std::to_string(imports.size()) + " of " + std::to_string(wanted.size()) +
                                      " imports given");
  }
  if (imports.size() > wanted.size()) {
    return Error(ErrorKind::link,
                 std::to_string(imports.size()) + " imports given, module wants " + std::to_string(wanted.size()));
  }
  for (size_t i = 0; i < imports.size(); ++i) {
    if (store_of(imports[i]) != &store) {
      return Error(ErrorKind::misuse, "import " + describe(module.def, wanted[i]) + " is an object of another store");
    }
    WPLUG_TRY(match_import(module, wanted[i], imports[i]));
  }
  return {};
}

Result<void> make_arrays(InstanceImpl& instance, const ModuleDef& def) {
  instance.memory_count = static_cast<uint32_t>(def.memories.size());
  instance.table_count = static_cast<uint32_t>(def.tables.size());
  instance.dropped_elements.resize(def.elements.size());
  instance.dropped_data.resize(def.data.size());
  const Allocator& allocator = instance.store->engine.config().allocator;
  if (instance.functions.allocate(def.functions.size(), allocator) && instance.tables.allocate(def.tables.size(), allocator) &&
      instance.memories.allocate(def.memories.size(), allocator) && instance.globals.allocate(def.globals.size(), allocator) &&
      instance.global_instances.allocate(def.globals.size(), allocator) && instance.tags.allocate(def.tags.size(), allocator)) {
    return {};
  }
  return out_of_memory("an instance");
}

void put_global(InstanceImpl& instance, uint32_t index, GlobalInstance* global) {
  instance.global_instances[index] = global;
  instance.globals[index] = global->value;
}

void take_imports(InstanceImpl& instance, const ModuleDef& def, std::span<const Extern> imports) {
  for (size_t i = 0; i < imports.size(); ++i) {
    const uint32_t index = def.imports[i].index;
    if (const Func* func = std::get_if<Func>(&imports[i])) instance.functions[index] = func->impl();
    if (const Table* table = std::get_if<Table>(&imports[i])) instance.tables[index] = table->impl();
    if (const Memory* memory = std::get_if<Memory>(&imports[i])) instance.memories[index] = memory->impl();
    if (const Global* global = std::get_if<Global>(&imports[i])) put_global(instance, index, global->impl());
    if (const Tag* tag = std::get_if<Tag>(&imports[i])) instance.tags[index] = tag->impl();
  }
}

Result<void> make_memories(StoreImpl& store, InstanceImpl& instance, const ModuleImpl& module) {
  for (uint32_t i = module.def.imported_memories; i < instance.memory_count; ++i) {
    WPLUG_TRY_ASSIGN(instance.memories[i], new_memory(store, module.def.memories[i]));
  }
  if (module.exported_memory.has_value()) instance.exported_memory = instance.memories[*module.exported_memory];
  return {};
}

// Constant expressions trap where they make objects and the heap is full.
Result<void> checked(numeric::MaybeTrap trap) {
  if (trap == numeric::kNoTrap) return {};
  return Error(Trap(static_cast<TrapKind>(trap)));
}

void make_tags(StoreImpl& store, InstanceImpl& instance, const ModuleDef& def) {
  for (uint32_t i = def.imported_tags; i < def.tags.size(); ++i) {
    TagInstance& tag = store.tags.emplace_back();
    tag.type = instance.code->types[def.tags[i].type];
    instance.tags[i] = &tag;
  }
}

Result<void> make_globals(StoreImpl& store, InstanceImpl& instance, const ModuleDef& def) {
  for (uint32_t i = def.imported_globals; i < def.globals.size(); ++i) {
    GlobalInstance& global = store.globals.emplace_back();
    global.type = def.globals[i].type;
    global.type.type = canonical_type(*instance.code, global.type.type);
    put_global(instance, i, &global);
    WPLUG_TRY(checked(evaluate(instance, def.globals[i].init, global.value)));
  }
  return {};
}

Result<void> make_tables(StoreImpl& store, InstanceImpl& instance, const ModuleDef& def) {
  for (uint32_t i = def.imported_tables; i < instance.table_count; ++i) {
    uint64_t init[2] = {0, 0};
    if (def.tables[i].init.has_value()) WPLUG_TRY(checked(evaluate(instance, *def.tables[i].init, init)));
    TableType type = def.tables[i].type;
    type.element = canonical_type(*instance.code, type.element);
    WPLUG_TRY_ASSIGN(instance.tables[i], new_table(store, type, init[0]));
  }
  return {};
}

// The values of segments that make objects; those of others are made when they are asked for.
Result<void> make_element_values(InstanceImpl& instance, const ModuleDef& def) {
  for (uint32_t i = 0; i < def.elements.size(); ++i) {
    const ElementDef& element = def.elements[i];
    if (!element.allocates) continue;
    instance.element_values.resize(def.elements.size());
    for (ConstExpr expression : element.expressions) {
      uint64_t value = 0;
      WPLUG_TRY(checked(evaluate(instance, expression, &value)));
      instance.element_values[i].push_back(value);
    }
  }
  return {};
}

Error segment_trap(TrapKind kind, const char* what, size_t index, uint64_t offset, uint64_t count, uint64_t size) {
  return Error(Trap(kind, std::string(to_string(kind)) + ": " + what + " segment " + std::to_string(index) +
                              ": offset " + std::to_string(offset) + " + " + std::to_string(count) + " > size " +
                              std::to_string(size)));
}

uint64_t evaluate_offset(InstanceImpl& instance, ConstExpr expression) {
  uint64_t slots[2] = {0, 0};
  (void)evaluate(instance, expression, slots);
  return slots[0];
}

Result<void> run_element_segments(InstanceImpl& instance, const ModuleDef& def) {
  for (uint32_t i = 0; i < def.elements.size(); ++i) {
    const ElementDef& element = def.elements[i];
    if (element.mode == SegmentMode::passive) continue;
    if (element.mode == SegmentMode::active) {
      const uint64_t offset = evaluate_offset(instance, element.offset);
      if (!table_init(instance, element.table, i, offset, 0, element.size())) {
        return segment_trap(TrapKind::out_of_bounds_table_access, "element", i, offset, element.size(),
                            instance.tables[element.table]->elements.size());
      }
    }
    drop_element(instance, i);
  }
  return {};
}

Result<void> run_data_segments(InstanceImpl& instance, const ModuleDef& def) {
  for (uint32_t i = 0; i < def.data.size(); ++i) {
    const DataDef& data = def.data[i];
    if (data.mode != SegmentMode::active) continue;
    MemoryInstance& memory = *instance.memories[data.memory];
    const uint64_t offset = evaluate_offset(instance, data.offset);
    const uint64_t count = data.bytes.size();
    const uint64_t size = memory.current_size();
    if (count > size || offset > size - count) {
      return segment_trap(TrapKind::out_of_bounds_memory_access, "data", i, offset, count, size);
    }
    write_memory(memory, offset, def.bytes.data() + data.bytes.begin, count);
    instance.dropped_data[i] = true;
  }
  return {};
}

Result<void> run_start(StoreImpl& store, InstanceImpl& instance, const ModuleDef& def) {
  if (!def.start.has_value()) return {};
  uint64_t slots[1] = {0};
  return call_function(store, *function_instance(instance, *def.start), slots);
}

}  // namespace

Result<InstanceImpl*> instantiate(StoreImpl& store, const std::shared_ptr<ModuleImpl>& module,
                                  std::span<const Extern> imports) {
  const ModuleDef& def = module->def;
  WPLUG_TRY(check_store(store, *module));
  WPLUG_TRY(check_imports(store, *module, imports));

  Rollback rollback(store);
  InstanceImpl& instance = store.instances.emplace_back();
  instance.store = &store;
  instance.module = module;
  instance.code = module->code.get();
  WPLUG_TRY(make_arrays(instance, def));
  take_imports(instance, def, imports);
  WPLUG_TRY(make_memories(store, instance, *module));
  make_tags(store, instance, def);
  WPLUG_TRY(make_globals(store, instance, def));
  WPLUG_TRY(make_tables(store, instance, def));
  WPLUG_TRY(make_element_values(instance, def));
  rollback.keep();

  WPLUG_TRY(run_element_segments(instance, def));
  WPLUG_TRY(run_data_segments(instance, def));
  WPLUG_TRY(run_start(store, instance, def));
  return &instance;
}

}  // namespace wplug
