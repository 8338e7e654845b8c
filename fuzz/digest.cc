#include "fuzz/digest.h"

#include "fuzz/byte_writer.h"
#include "fuzz/constants.h"

namespace wplug::fuzz {

namespace {

constexpr int32_t kMostDepth = 3;  // a mask
constexpr int32_t kStateDepth = 2;
constexpr int32_t kElements = 5;   // of an array
constexpr uint32_t kEntries = 4;   // of a table
constexpr uint32_t kValueParam = 0, kDepthParam = 1;
constexpr uint8_t kVoid = 0x40;
const ValType kAny = ValType::ref(HeapKind::any, true);

class Folding {
 public:
  Folding(const Plan& plan, uint32_t params) : plan_(plan), params_(params), hash_(local(ValType::i64())) {}

  std::vector<uint8_t> digest() {
    one(Op::local_get, kDepthParam);
    number(kMostDepth);
    out_.op(Op::i32_and);
    one(Op::local_set, kDepthParam);
    one(Op::local_get, kValueParam);
    out_.op(Op::ref_is_null);
    leave_if(11);
    one(Op::local_get, kDepthParam);
    out_.op(Op::i32_eqz);
    leave_if(7);
    for (uint32_t i = 0; i < plan_.types.size(); ++i) {
      if (plan_.types[i].kind != CompositeKind::func) kind(ValType::ref_to(i, false));
    }
    for (HeapKind heap : {HeapKind::eq, HeapKind::struct_, HeapKind::array}) kind(ValType::ref(heap, false));
    when(ValType::ref(HeapKind::i31, false), [&](uint32_t place) {
      begin();
      one(Op::local_get, place);
      out_.op(Op::i31_get_s);
      end(ValType::i32());
    });
    for (auto i = static_cast<uint32_t>(plan_.types.size()); i-- > 0;) {
      if (plan_.types[i].kind == CompositeKind::func) continue;
      when(ValType::ref_to(i, false), [&](uint32_t place) {
        if (plan_.types[i].kind == CompositeKind::array) {
          elements(i, place);
        } else {
          fields(i, place);
        }
      });
    }
    return finish();
  }

  std::vector<uint8_t> state() {
    for (uint32_t i = 0; i < plan_.globals.size(); ++i) {
      if (plan_.globals[i].type.is_num() && plan_.globals[i].is_mutable) continue;
      begin();
      one(Op::global_get, i);
      end(plan_.globals[i].type);
    }
    for (uint32_t i = 0; i < plan_.tables.size(); ++i) {
      for (uint32_t entry = 0; entry < kEntries; ++entry) table_entry(i, entry);
    }
    return finish();
  }

 private:
  uint32_t local(ValType type) {
    locals_.push_back(type);
    return params_ + static_cast<uint32_t>(locals_.size() - 1);
  }
  void one(Op op, uint64_t immediate) {
    out_.op(op);
    out_.u(immediate);
  }
  void number(int32_t value) {
    out_.op(Op::i32_const);
    out_.s(value);
  }
  void block(Op opener, uint8_t type) {
    out_.op(opener);
    out_.u8(type);
  }

  // hash := hash * constant + value, with the value between these two.
  void begin() {
    one(Op::local_get, hash_);
    out_.op(Op::i64_const);
    out_.s(0x5851f42d4c957f2d);
    out_.op(Op::i64_mul);
  }
  void end(ValType type) {
    as_number(type);
    out_.op(Op::i64_add);
    one(Op::local_set, hash_);
  }
  // What is on top as an i64.
  void as_number(ValType type) {
    if (type == ValType::i64()) return;
    if (type == ValType::f32()) out_.op(Op::i32_reinterpret_f32);
    if (type == ValType::i32() || type == ValType::f32()) return out_.op(Op::i64_extend_i32_u);
    if (type == ValType::f64()) return out_.op(Op::i64_reinterpret_f64);
    if (type.is_vec()) return vector_as_number();
    switch (plan_.top(type)) {
      case HeapKind::extern_: out_.op(Op::any_convert_extern); break;
      case HeapKind::any: break;
      default: out_.op(Op::ref_is_null); return out_.op(Op::i64_extend_i32_u);
    }
    if (params_ == 0) {
      number(kStateDepth);
    } else {
      one(Op::local_get, kDepthParam);
      number(1);
      out_.op(Op::i32_sub);
    }
    one(Op::call, plan_.digest);
  }
  void vector_as_number() {
    if (vector_ == Plan::kNone) vector_ = local(ValType::v128());
    one(Op::local_tee, vector_);
    out_.op(Op::i64x2_extract_lane);
    out_.u8(0);
    one(Op::local_get, vector_);
    out_.op(Op::i64x2_extract_lane);
    out_.u8(1);
    out_.op(Op::i64_const);
    out_.s(31);
    out_.op(Op::i64_rotl);
    out_.op(Op::i64_add);
  }

  void leave_if(int64_t result) {
    block(Op::if_, kVoid);
    out_.op(Op::i64_const);
    out_.s(result);
    out_.op(Op::return_);
    out_.op(Op::end);
  }
  // Whether the value is of the type.
  void kind(ValType type) {
    begin();
    one(Op::local_get, kValueParam);
    out_.op(Op::ref_test);
    write_heap_type(out_, type);
    end(ValType::i32());
  }
  // Where the value is of the type: fold(local that has it), and the hash is the result.
  template <class Fold>
  void when(ValType type, Fold fold) {
    const uint32_t place = local(type.with_null(true));
    out_.op(Op::block);
    write_type(out_, kAny);
    one(Op::local_get, kValueParam);
    out_.op(Op::br_on_cast_fail);
    out_.u8(1);  // from a nullable type
    out_.u(0);
    write_heap_type(out_, kAny);
    write_heap_type(out_, type);
    one(Op::local_set, place);
    fold(place);
    one(Op::local_get, hash_);
    out_.op(Op::return_);
    out_.op(Op::end);
    out_.op(Op::drop);
  }
  static Op getter(const FieldType& field, Op plain, Op with_sign, Op without) {
    return field.packed == Packed::none ? plain : field.packed == Packed::i8 ? with_sign : without;
  }
  void fields(uint32_t type, uint32_t place) {
    const std::vector<FieldType>& fields = plan_.types[type].fields;
    for (uint32_t i = 0; i < fields.size(); ++i) {
      begin();
      one(Op::local_get, place);
      one(getter(fields[i], Op::struct_get, Op::struct_get_s, Op::struct_get_u), type);
      out_.u(i);
      end(fields[i].type);
    }
  }
  void elements(uint32_t type, uint32_t place) {
    const FieldType& element = plan_.types[type].fields[0];
    if (at_ == Plan::kNone) at_ = local(ValType::i32());
    begin();
    one(Op::local_get, place);
    out_.op(Op::array_len);
    end(ValType::i32());
    block(Op::block, kVoid);
    block(Op::loop, kVoid);
    for (const bool by_length : {true, false}) {
      one(Op::local_get, at_);
      if (by_length) {
        one(Op::local_get, place);
        out_.op(Op::array_len);
      } else {
        number(kElements);
      }
      out_.op(Op::i32_ge_u);
      one(Op::br_if, 1);
    }
    begin();
    one(Op::local_get, place);
    one(Op::local_get, at_);
    one(getter(element, Op::array_get, Op::array_get_s, Op::array_get_u), type);
    end(element.type);
    one(Op::local_get, at_);
    number(1);
    out_.op(Op::i32_add);
    one(Op::local_set, at_);
    one(Op::br, 0);
    out_.op(Op::end);
    out_.op(Op::end);
  }
  void table_entry(uint32_t table, uint32_t entry) {
    const TablePlan& plan = plan_.tables[table];
    auto constant = [&] {
      out_.op(plan.is_64 ? Op::i64_const : Op::i32_const);
      out_.s(entry);
    };
    one(Op::table_size, table);
    constant();
    out_.op(plan.is_64 ? Op::i64_gt_u : Op::i32_gt_u);
    block(Op::if_, kVoid);
    begin();
    constant();
    one(Op::table_get, table);
    end(plan.element);
    out_.op(Op::end);
  }

  std::vector<uint8_t> finish() {
    one(Op::local_get, hash_);
    out_.op(Op::end);
    ByteWriter body;
    body.u(locals_.size());
    for (ValType type : locals_) {
      body.u(1);
      write_type(body, type);
    }
    body.append(out_.bytes());
    return body.take();
  }

  const Plan& plan_;
  uint32_t params_;
  ByteWriter out_;
  std::vector<ValType> locals_;
  uint32_t hash_;
  uint32_t vector_ = Plan::kNone, at_ = Plan::kNone;
};

}  // namespace

std::vector<uint8_t> digest_body(const Plan& plan) { return Folding(plan, 2).digest(); }
std::vector<uint8_t> state_body(const Plan& plan) { return Folding(plan, 0).state(); }

}  // namespace wplug::fuzz
