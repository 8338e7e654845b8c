// Every type can be made: a field that is never null refers to a type before it, so that the least object of a type is a
// finite expression, and `costs` keeps that small.
#include "fuzz/type_planner.h"

#include <algorithm>

namespace wplug::fuzz {

namespace {

constexpr uint32_t kMostCost = 12;
constexpr size_t kMostSupertypes = 5;

class TypePlanner {
 public:
  TypePlanner(Random& random, Plan& plan) : random_(random), plan_(plan) {}

  void run() {
    for (uint32_t n = random_.between(1, 4); n-- > 0;) {
      if (!plan_.structures.empty() && random_.one_in(4)) {
        copy_group();
      } else {
        add_group(random_.between(1, 4));
      }
    }
  }

 private:
  uint32_t count() const { return static_cast<uint32_t>(plan_.types.size()); }

  void add(SubType type) {
    const uint32_t index = count();
    uint32_t cost = 1;
    for (const FieldType& field : type.fields) cost += cost_of(field.type);
    if (type.kind == CompositeKind::array) cost = 2;  // may be empty
    if (type.kind == CompositeKind::func) plan_.func_types.push_back(index);
    if (type.kind == CompositeKind::struct_) plan_.structures.push_back(index);
    if (type.kind == CompositeKind::array) plan_.arrays.push_back(index);
    plan_.types.push_back(std::move(type));
    plan_.costs.push_back(cost);
  }
  uint32_t cost_of(ValType type) const {
    return type.is_concrete() && !type.is_nullable() ? plan_.costs[type.type_index()] : 1;
  }
  void add_group(uint32_t size) {
    plan_.groups.push_back(size);
    group_end_ = count() + size;
    while (count() < group_end_) {
      if (random_.one_in(10)) {
        add(function());
      } else {
        add(object(random_.one_in(3) ? CompositeKind::array : CompositeKind::struct_));
      }
    }
  }
  // The same group once more: equal types.
  void copy_group() {
    const uint32_t which = random_.below(static_cast<uint32_t>(plan_.groups.size()));
    uint32_t from = 0;
    for (uint32_t i = 0; i < which; ++i) from += plan_.groups[i];
    const uint32_t size = plan_.groups[which], moved = count() - from;
    auto move = [&](ValType& type) {
      if (!type.is_concrete() || type.type_index() < from || type.type_index() >= from + size) return;
      type = ValType::ref_to(type.type_index() + moved, type.is_nullable());
    };
    plan_.groups.push_back(size);
    for (uint32_t i = from; i < from + size; ++i) {
      SubType type = plan_.types[i];
      for (FieldType& field : type.fields) move(field.type);
      for (ValType& param : type.func.params) move(param);
      for (ValType& result : type.func.results) move(result);
      if (type.supertype && *type.supertype >= from) *type.supertype += moved;
      add(std::move(type));
    }
  }

  // ---- one type

  size_t depth_of(uint32_t index) const {
    size_t depth = 0;
    for (; plan_.types[index].supertype; ++depth) index = *plan_.types[index].supertype;
    return depth;
  }
  // A type that one of the kind may be below of; none: kNone.
  uint32_t supertype(CompositeKind kind) {
    std::vector<uint32_t> fitting;
    for (uint32_t i = 0; i < count(); ++i) {
      const SubType& type = plan_.types[i];
      if (type.kind == kind && !type.is_final && depth_of(i) < kMostSupertypes) fitting.push_back(i);
    }
    return fitting.empty() || random_.one_in(3) ? Plan::kNone : random_.pick(fitting);
  }
  SubType below(CompositeKind kind) {
    SubType type;
    type.kind = kind;
    type.is_final = random_.one_in(3);
    const uint32_t super = supertype(kind);
    if (super == Plan::kNone) return type;
    type.supertype = super;
    type.fields = plan_.types[super].fields;
    type.func = plan_.types[super].func;
    for (FieldType& field : type.fields) {
      if (!field.is_mutable && random_.one_in(3)) field.type = narrower(field.type);
    }
    return type;
  }
  SubType object(CompositeKind kind) {
    SubType type = below(kind);
    if (kind == CompositeKind::array) {
      if (type.fields.empty()) type.fields.push_back(field());
      return type;
    }
    // A large one now and then.
    const uint32_t more = random_.one_in(16) ? random_.between(12, 40) : random_.below(5);
    for (uint32_t i = 0; i < more; ++i) type.fields.push_back(field());
    return type;
  }
  SubType function() {
    SubType type = below(CompositeKind::func);
    if (!type.supertype) {
      for (uint32_t n = random_.below(3); n-- > 0;) type.func.params.push_back(value());
      if (random_.one_in(2)) type.func.results.push_back(value());
    }
    for (ValType& result : type.func.results) {
      if (random_.one_in(3)) result = narrower(result);
    }
    return type;
  }

  // ---- what it holds

  ValType number() {
    static const std::vector<ValType> kNumbers = {ValType::i32(), ValType::i64(), ValType::f32(), ValType::f64()};
    if (plan_.features.has(Feature::simd) && random_.one_in(6)) return ValType::v128();
    return random_.pick(kNumbers);
  }
  ValType reference() {
    static const std::vector<HeapKind> kHeaps = {HeapKind::any,  HeapKind::eq,   HeapKind::eq,     HeapKind::i31, HeapKind::struct_,
                                                 HeapKind::array, HeapKind::func, HeapKind::extern_, HeapKind::none};
    if (random_.one_in(3)) {
      if (plan_.features.has(Feature::exceptions) && random_.one_in(12)) return ValType::exnref();
      if (random_.one_in(12)) return ValType::ref(HeapKind::i31, false);
      return ValType::ref(random_.pick(kHeaps), true);
    }
    // Of the group or before; never null only what was before and can be made cheaply.
    const uint32_t index = random_.below(group_end_);
    const bool can_be_made = index < count() && plan_.types[index].kind != CompositeKind::func && plan_.costs[index] <= kMostCost / 2;
    return ValType::ref_to(index, !can_be_made || !random_.one_in(4));
  }
  ValType value() { return random_.one_in(2) ? number() : reference(); }
  FieldType field() {
    FieldType field{ValType::i32(), Packed::none, !random_.one_in(3)};
    if (random_.one_in(5)) {
      field.packed = random_.one_in(2) ? Packed::i8 : Packed::i16;
    } else {
      field.type = value();
    }
    return field;
  }
  // A type below it, where one is at hand.
  ValType narrower(ValType type) {
    if (!type.is_ref()) return type;
    std::vector<ValType> fitting = {type};
    auto consider = [&](ValType other) {
      if (plan_.matches(other, type) && cost_of(other) <= kMostCost / 2) fitting.push_back(other);
    };
    for (uint32_t i = 0; i < count(); ++i) {
      if (plan_.types[i].kind == CompositeKind::func) continue;
      consider(ValType::ref_to(i, true));
      consider(ValType::ref_to(i, false));
    }
    consider(ValType::ref(HeapKind::i31, false));
    consider(ValType::ref(HeapKind::none, true));
    return random_.pick(fitting);
  }

  Random& random_;
  Plan& plan_;
  uint32_t group_end_ = 0;
};

}  // namespace

uint32_t add_func_type(Plan& plan, FuncType type) {
  SubType sub;
  sub.func = std::move(type);
  plan.types.push_back(std::move(sub));
  plan.groups.push_back(1);
  plan.costs.push_back(1);
  plan.func_types.push_back(static_cast<uint32_t>(plan.types.size() - 1));
  return plan.func_types.back();
}

void add_object_types(Random& random, Plan& plan) { TypePlanner(random, plan).run(); }

}  // namespace wplug::fuzz
