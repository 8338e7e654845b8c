// What a generated module has, decided before its bodies are.
#pragma once

#include <cstdint>
#include <vector>

#include "fuzz/random.h"
#include "wplug/features.h"
#include "wplug/types.h"

namespace wplug::fuzz {

struct MemoryPlan {
  uint64_t min = 0;  // pages
  uint64_t max = 0;
  bool is_64 = false;
  bool shared = false;
};

struct TablePlan {
  ValType element;
  uint64_t min = 0;
  uint64_t max = 0;
  bool is_64 = false;
};

struct GlobalPlan {
  ValType type;
  bool is_mutable = false;
};

struct ElementPlan {
  ValType type;
  uint32_t size = 0;
};

struct Plan {
  static constexpr uint32_t kNone = UINT32_MAX;

  Features features;
  std::vector<SubType> types;         // of the module, in its order
  std::vector<uint32_t> groups;       // sizes of the recursion groups that partition them
  std::vector<uint32_t> func_types;   // what functions and blocks are of
  std::vector<uint32_t> structures;   // type indices
  std::vector<uint32_t> arrays;
  std::vector<uint32_t> costs;        // of each type: instructions that make the least object of it
  std::vector<ValType> value_types;   // to choose from; likely ones several times
  uint32_t imports = 0;               // functions: mix, note, and with objects ref
  std::vector<uint32_t> functions;    // type indices, imports first
  uint32_t digest = kNone;            // function that makes a number of an object, see digest.h
  uint32_t state = kNone;             // function that makes a number of all that globals and tables refer to
  uint32_t table_functions = 0;       // functions below this index may be in tables; calls by reference stand in the others
  std::vector<MemoryPlan> memories;
  std::vector<TablePlan> tables;
  std::vector<GlobalPlan> globals;
  uint32_t passive_data = 0;                 // the first data segments
  std::vector<ElementPlan> passive_elements;  // the first element segments
  std::vector<uint32_t> tags;                // type indices

  const FuncType& type_of(uint32_t function) const { return types[functions[function]].func; }
  const std::vector<ValType>& tag_params(uint32_t tag) const { return types[tags[tag]].func.params; }
  bool has_objects() const { return !structures.empty() || !arrays.empty(); }
  CompositeKind kind_of(ValType concrete) const { return types[concrete.type_index()].kind; }
  // The top of the hierarchy that a reference type is in.
  HeapKind top(ValType type) const;
  // Whether a value of the first type may stand where the second is wanted. By what is declared: that groups are equal is
  // not seen.
  bool matches(ValType actual, ValType wanted) const;
  // Whether a reference that is not null can be made of the type's heap type.
  bool has_objects_of(ValType type) const;
  // A function below table_functions whose type is, or is declared below, that of the reference; kNone: there is none.
  uint32_t function_for(Random& random, ValType type) const;
};

Plan make_plan(Random& random, Features features);

}  // namespace wplug::fuzz
