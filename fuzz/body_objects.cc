// References, structures and arrays.
//
// Most are never null and casts are mostly tried before they are done, so that bodies come to their end; what traps now and
// then is in all of them.
#include <algorithm>

#include "fuzz/body.h"
#include "fuzz/constants.h"

namespace wplug::fuzz {

namespace {

const ValType kAny = ValType::ref(HeapKind::any, true);

bool is_number(const FieldType& field) { return !field.type.is_ref(); }

}  // namespace

// ---- types

// Structures and arrays that are of the type.
std::vector<uint32_t> BodyGenerator::types_below(ValType type) const {
  std::vector<uint32_t> found;
  for (const std::vector<uint32_t>& some : {plan_.structures, plan_.arrays}) {
    for (uint32_t index : some) {
      if (plan_.matches(ValType::ref_to(index, false), type)) found.push_back(index);
    }
  }
  return found;
}

// The type itself or one above it, nullable or as it is.
ValType BodyGenerator::some_supertype(ValType type) {
  std::vector<ValType> fitting = {type, ValType::ref(plan_.top(type), true)};
  auto consider = [&](ValType other) {
    if (plan_.matches(type, other)) fitting.push_back(other);
  };
  for (HeapKind heap : {HeapKind::any, HeapKind::eq, HeapKind::struct_, HeapKind::array, HeapKind::i31}) {
    consider(ValType::ref(heap, type.is_nullable() || random_.one_in(2)));
  }
  for (uint32_t i = 0; i < plan_.types.size(); ++i) consider(ValType::ref_to(i, true));
  return random_.pick(fitting);
}

// The type itself or one below it.
ValType BodyGenerator::some_subtype(ValType type) {
  std::vector<ValType> fitting = {type};
  for (uint32_t index : types_below(type)) fitting.push_back(ValType::ref_to(index, type.is_nullable() && random_.one_in(2)));
  for (ValType other : plan_.value_types) {
    if (plan_.matches(other, type)) fitting.push_back(other);
  }
  return random_.pick(fitting);
}

// ---- values

void BodyGenerator::reference(ValType type, int depth) {
  bool done = false;
  switch (random_.below(12)) {
    case 0:
    case 1:
    case 2:
    case 3: done = make(type, depth); break;
    case 4:
    case 5:
    case 6: done = read_object(type, depth); break;
    case 7:
    case 8: done = cast(type, depth); break;
    case 9:
    case 10: done = check_null(type, depth); break;
    default: done = convert(type, depth);
  }
  if (!done) leaf(type);
}

// emit(instruction of data to make an array, to change one, segment) with a segment for elements of the type: of data for
// numbers, else of references. False: there is none.
template <class Emit>
bool BodyGenerator::with_segment(const FieldType& element, Emit emit) {
  if (is_number(element)) {
    if (plan_.passive_data == 0) return false;
    emit(Op::array_new_data, Op::array_init_data, random_.below(plan_.passive_data));
    return true;
  }
  for (uint32_t i = 0; i < plan_.passive_elements.size(); ++i) {
    if (!plan_.matches(plan_.passive_elements[i].type, element.type)) continue;
    emit(Op::array_new_elem, Op::array_init_elem, i);
    return true;
  }
  return false;
}

// A new object of the type.
bool BodyGenerator::make(ValType type, int depth) {
  if (plan_.matches(ValType::ref(HeapKind::i31, false), type) && random_.one_in(3)) {
    expression(ValType::i32(), depth - 1);
    out_.op(Op::ref_i31);
    return true;
  }
  const std::vector<uint32_t> types = types_below(type);
  if (types.empty()) return false;
  const uint32_t index = random_.pick(types);
  if (plan_.types[index].kind == CompositeKind::struct_) {
    make_structure(index, depth);
  } else {
    make_array(index, depth);
  }
  return true;
}

void BodyGenerator::make_structure(uint32_t type, int depth) {
  const std::vector<FieldType>& fields = plan_.types[type].fields;
  const bool defaultable = std::all_of(fields.begin(), fields.end(), [](const FieldType& field) { return field.type.is_defaultable(); });
  if (defaultable && random_.one_in(4)) return op(Op::struct_new_default, type);
  for (const FieldType& field : fields) expression(field.type, depth - 1);
  op(Op::struct_new, type);
}

void BodyGenerator::make_array(uint32_t type, int depth) {
  const FieldType& element = plan_.types[type].fields[0];
  auto length = [&] {
    // Never so long that engines differ in what is too much.
    if (random_.one_in(3)) {
      expression(ValType::i32(), depth - 1);
      number(false, 15);
      return out_.op(Op::i32_and);
    }
    number(false, random_.one_in(40) ? random_.below(1500) : random_.below(12));
  };
  switch (random_.below(5)) {
    case 0:
      if (!element.type.is_defaultable()) break;
      length();
      return op(Op::array_new_default, type);
    case 1:
    case 2:
      expression(element.type, depth - 1);
      length();
      return op(Op::array_new, type);
    case 3:
      if (with_segment(element, [&](Op data, Op, uint32_t segment) {
            const bool of_data = is_number(element);
            number(false, random_.below(4));
            number(false, random_.below(4));
            op(of_data ? data : Op::array_new_elem, type);
            out_.u(segment);
          })) {
        return;
      }
      break;
    default: break;
  }
  const uint32_t count = random_.below(6);
  for (uint32_t i = 0; i < count; ++i) expression(element.type, depth - 1);
  op(Op::array_new_fixed, type);
  out_.u(count);
}

void BodyGenerator::object(uint32_t type, int depth) { expression(ValType::ref_to(type, random_.one_in(8)), depth - 1); }

uint32_t BodyGenerator::array_in_local(uint32_t type, int depth) {
  const uint32_t place = new_local(ValType::ref_to(type, true));
  object(type, depth);
  op(Op::local_set, place);
  return place;
}

void BodyGenerator::array_index(uint32_t array, int depth) {
  if (random_.one_in(3)) return number(false, random_.below(3));
  // Modulo the length, or modulo 1 where that is none, which is out of bounds.
  expression(ValType::i32(), depth - 1);
  op(Op::local_get, array);
  out_.op(Op::array_len);
  if (!random_.one_in(8)) {
    number(false, 1);
    op(Op::local_get, array);
    out_.op(Op::array_len);
    number(false, 1);
    out_.op(Op::i32_gt_u);
    out_.op(Op::select);
  }
  out_.op(Op::i32_rem_u);
}

// A field or an element that holds values of the type, or narrower ones.
bool BodyGenerator::read_object(ValType type, int depth) {
  std::vector<Place> places;
  for (const std::vector<uint32_t>& some : {plan_.structures, plan_.arrays}) {
    for (uint32_t index : some) {
      const std::vector<FieldType>& fields = plan_.types[index].fields;
      for (uint32_t i = 0; i < fields.size(); ++i) {
        if (plan_.matches(fields[i].type, type)) places.push_back({index, i});
      }
    }
  }
  if (places.empty()) return false;
  const Place place = random_.pick(places);
  const SubType& holder = plan_.types[place.type];
  const bool packed = holder.fields[place.field].packed != Packed::none, with_sign = random_.one_in(2);
  if (holder.kind == CompositeKind::struct_) {
    object(place.type, depth);
    op(!packed ? Op::struct_get : with_sign ? Op::struct_get_s : Op::struct_get_u, place.type);
    out_.u(place.field);
  } else {
    const uint32_t array = array_in_local(place.type, depth);
    op(Op::local_get, array);
    array_index(array, depth);
    op(!packed ? Op::array_get : with_sign ? Op::array_get_s : Op::array_get_u, place.type);
  }
  return true;
}

// A number of what a reference is or refers to.
bool BodyGenerator::object_number(ValType type, int depth) {
  if (type == ValType::i64() && random_.one_in(3)) return digest(depth), true;
  if (type == ValType::i32() && random_.one_in(2)) return test_object(depth), true;
  return read_object(type, depth);
}

void BodyGenerator::test_object(int depth) {
  const ValType eq = ValType::ref(HeapKind::eq, true);
  switch (random_.below(5)) {
    case 0: {
      const ValType array = ValType::ref(HeapKind::array, true);
      expression(array.with_null(plan_.arrays.empty() || random_.one_in(8)), depth - 1);
      return out_.op(Op::array_len);
    }
    case 1:
      expression(ValType::ref(HeapKind::i31, random_.one_in(8)), depth - 1);
      return out_.op(random_.one_in(2) ? Op::i31_get_s : Op::i31_get_u);
    case 2: {
      // The same twice now and then.
      const uint32_t place = new_local(eq);
      expression(eq, depth - 1);
      op(Op::local_tee, place);
      if (random_.one_in(3)) {
        op(Op::local_get, place);
      } else {
        expression(eq, depth - 1);
      }
      return out_.op(Op::ref_eq);
    }
    default: {
      ValType type = random_.pick(plan_.value_types);
      if (!type.is_ref() || plan_.top(type) == HeapKind::exn) type = ValType::ref_to(random_.pick(plan_.func_types), true);
      expression(some_supertype(type), depth - 1);
      out_.op(random_.one_in(2) ? Op::ref_test : Op::ref_test_null);
      write_heap_type(out_, type);
    }
  }
}

void BodyGenerator::digest(int depth) {
  expression(kAny, depth - 1);
  number(false, random_.between(1, 2));
  op(Op::call, plan_.digest);
}

bool BodyGenerator::cast(ValType type, int depth) {
  if (!has(Feature::gc) || plan_.top(type) == HeapKind::exn) return false;
  const ValType from = some_supertype(type);
  const bool with_null = type.is_nullable();
  switch (random_.below(8)) {
    case 0:
      expression(from, depth - 1);
      out_.op(with_null ? Op::ref_cast_null : Op::ref_cast);
      write_heap_type(out_, type);
      return true;
    case 1:
    case 2: {
      const uint32_t place = new_local(from.with_null(true));
      expression(from, depth - 1);
      op(Op::local_tee, place);
      out_.op(with_null ? Op::ref_test_null : Op::ref_test);
      write_heap_type(out_, type);
      open(Op::if_, {type});
      op(Op::local_get, place);
      out_.op(with_null ? Op::ref_cast_null : Op::ref_cast);
      write_heap_type(out_, type);
      out_.op(Op::else_);
      expression(type, depth - 1);
      close();
      return true;
    }
    case 3:
    case 4: {
      // What does not fit stays on the stack.
      const ValType to = some_subtype(type);
      open(Op::block, {type});
      expression(type, depth - 1);
      out_.op(Op::br_on_cast_fail);
      out_.u8((type.is_nullable() ? 1u : 0u) | (to.is_nullable() ? 2u : 0u));
      out_.u(0);
      write_heap_type(out_, type);
      write_heap_type(out_, to);
      if (random_.one_in(3)) {
        keep_results({to});
        expression(type, depth - 1);
      }
      close();
      return true;
    }
    default:
      open(Op::block, {type});
      expression(from, depth - 1);
      out_.op(Op::br_on_cast);
      out_.u8((from.is_nullable() ? 1u : 0u) | (with_null ? 2u : 0u));
      out_.u(0);
      write_heap_type(out_, from);
      write_heap_type(out_, type);
      keep_results({with_null ? from.with_null(false) : from});
      expression(type, depth - 1);
      close();
      return true;
  }
}

bool BodyGenerator::check_null(ValType type, int depth) {
  if (!has(Feature::function_references) || plan_.top(type) == HeapKind::exn) return false;
  const ValType nullable = type.with_null(true), there = type.with_null(false);
  const bool can_be_there = plan_.has_objects_of(type);
  switch (random_.below(4)) {
    case 0:
      expression(can_be_there && !random_.one_in(4) ? there : nullable, depth - 1);
      out_.op(Op::ref_as_non_null);
      return true;
    case 1:
      open(Op::block, {type});
      open(Op::block, {});
      expression(nullable, depth - 1);
      op(Op::br_on_null, 0);
      op(Op::br, 1);
      close();
      expression(type, depth - 1);
      close();
      return true;
    default:
      open(Op::block, {type});
      expression(nullable, depth - 1);
      op(Op::br_on_non_null, 0);
      expression(type, depth - 1);
      close();
      return true;
  }
}

// Between the hierarchies of any and extern; values of the host.
bool BodyGenerator::convert(ValType type, int depth) {
  if (!plan_.has_objects()) return false;
  if (type.heap() == HeapKind::extern_) {
    if (type.is_nullable() && random_.one_in(3)) {
      expression(ValType::i32(), depth - 1);
      op(Op::call, plan_.imports - 1);
    } else {
      expression(ValType::ref(HeapKind::any, type.is_nullable()), depth - 1);
      out_.op(Op::extern_convert_any);
    }
    return true;
  }
  if (type.heap() != HeapKind::any) return false;
  expression(ValType::ref(HeapKind::extern_, type.is_nullable()), depth - 1);
  out_.op(Op::any_convert_extern);
  return true;
}

// ---- statements

void BodyGenerator::object_statement(int depth) {
  switch (random_.below(10)) {
    case 0:
    case 1: return plan_.structures.empty() ? assign(depth) : set_field(depth);
    case 2:
    case 3:
    case 4: return plan_.arrays.empty() ? assign(depth) : change_array(depth);
    case 5:
      digest(depth);
      out_.op(Op::i32_wrap_i64);
      return op(Op::call, 1);  // note
    case 6:
    case 7:
    case 8: return make_many(depth);
    default: return assign(depth);
  }
}

void BodyGenerator::set_field(int depth) {
  const uint32_t type = random_.pick(plan_.structures);
  const std::vector<FieldType>& fields = plan_.types[type].fields;
  if (fields.empty()) return;
  const uint32_t field = below(fields.size());
  if (!fields[field].is_mutable) return;
  object(type, depth);
  expression(fields[field].type, depth - 1);
  op(Op::struct_set, type);
  out_.u(field);
}

void BodyGenerator::change_array(int depth) {
  const uint32_t type = random_.pick(plan_.arrays);
  const FieldType& element = plan_.types[type].fields[0];
  if (!element.is_mutable) return;
  const uint32_t array = array_in_local(type, depth);
  auto begin = [&] {
    op(Op::local_get, array);
    array_index(array, depth);
  };
  switch (random_.below(4)) {
    case 0:
      begin();
      expression(element.type, depth - 1);
      number(false, random_.below(3));
      return op(Op::array_fill, type);
    case 1: {
      std::vector<uint32_t> sources;
      for (uint32_t other : plan_.arrays) {
        const FieldType& source = plan_.types[other].fields[0];
        if (source.packed == element.packed && plan_.matches(source.type, element.type)) sources.push_back(other);
      }
      const uint32_t source = random_.pick(sources);
      const uint32_t from = source == type && random_.one_in(2) ? array : array_in_local(source, depth);
      begin();
      op(Op::local_get, from);
      array_index(from, depth);
      number(false, random_.below(3));
      op(Op::array_copy, type);
      return out_.u(source);
    }
    case 2:
      if (with_segment(element, [&](Op, Op change, uint32_t segment) {
            begin();
            number(false, random_.below(4));
            number(false, random_.below(3));
            op(change, type);
            out_.u(segment);
          })) {
        return;
      }
      [[fallthrough]];
    default:
      begin();
      expression(element.type, depth - 1);
      op(Op::array_set, type);
  }
}

// Garbage, so that there is something to collect; some of it is kept.
void BodyGenerator::make_many(int depth) {
  if (depth < 2 || spent()) return assign(depth);
  repeat(random_.between(20, 300), {}, depth, [&] {
    if (!plan_.arrays.empty() && random_.one_in(2)) {
      const uint32_t type = random_.pick(plan_.arrays);
      if (plan_.types[type].fields[0].type.is_defaultable()) {
        number(false, random_.one_in(2) ? random_.below(600) : random_.below(20));
        op(Op::array_new_default, type);
        keep_results({ValType::ref_to(type, false)});
      }
    }
    for (uint32_t n = random_.between(1, 3); n-- > 0;) {
      const ValType type = random_.pick(plan_.value_types);
      const bool is_object = type.is_ref() && plan_.top(type) == HeapKind::any;
      const ValType made = is_object ? type : kAny;
      if (!make(made, 2)) leaf(made);
      if (const uint32_t global = global_to_write(made); global != plan_.globals.size() && random_.one_in(2)) {
        op(Op::global_set, global);
      } else {
        keep_results({made});
      }
    }
  });
}

}  // namespace wplug::fuzz
