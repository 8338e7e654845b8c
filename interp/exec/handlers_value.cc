// Moves, constants, select, globals.
#include "interp/exec/handlers.h"

namespace wplug {
namespace {

constexpr int kA = kIntRegisters + 1;
constexpr int kB = kIntRegisters + 2;
constexpr int kF = kFloatRegisters + 1;

template <int D, int A>
WPLUG_HANDLER(move) {
  WPLUG_ENTER;
  if constexpr (A == kImmediatePlace) {
    write_int<D>(regs, pc[1].imm.d, pc[1].imm.imm);
  } else {
    write_int<D>(regs, pc[1].slots.d, read_int<uint64_t, A>(regs, pc[1].slots.a));
  }
  WPLUG_NEXT(2);
}

template <int D, int A, int E, int B>
WPLUG_HANDLER(move_pair) {
  WPLUG_ENTER;
  write_int<D>(regs, pc[1].slots.d, read_int<uint64_t, A>(regs, pc[1].slots.a));
  write_int<E>(regs, pc[1].slots.b, read_int<uint64_t, B>(regs, pc[1].slots.c));
  WPLUG_NEXT(2);
}

template <int D, int A>
WPLUG_HANDLER(move_float) {
  WPLUG_ENTER;
  write_float<double, D>(regs, pc[1].slots.d, read_float<double, A>(regs, pc[1].slots.a));
  WPLUG_NEXT(2);
}

template <int D>
WPLUG_HANDLER(const_64) {
  WPLUG_ENTER;
  write_int<D>(regs, pc[1].slots.d, pc[2].word);
  WPLUG_NEXT(3);
}

template <int D>
WPLUG_HANDLER(const_float) {
  WPLUG_ENTER;
  write_float<double, D>(regs, pc[1].slots.d, std::bit_cast<double>(pc[2].word));
  WPLUG_NEXT(3);
}

template <int D, int A, int B, int C>
WPLUG_HANDLER(select) {
  WPLUG_ENTER;
  uint64_t a = read_int<uint64_t, A>(regs, pc[1].slots.a);
  uint64_t b = read_int<uint64_t, B>(regs, pc[1].slots.b);
  write_int<D>(regs, pc[1].slots.d, read_int<uint32_t, C>(regs, pc[1].slots.c) != 0 ? a : b);
  WPLUG_NEXT(2);
}

template <int D, int A, int B, int C>
WPLUG_HANDLER(select_float) {
  WPLUG_ENTER;
  double a = read_float<double, A>(regs, pc[1].slots.a);
  double b = read_float<double, B>(regs, pc[1].slots.b);
  write_float<double, D>(regs, pc[1].slots.d, read_int<uint32_t, C>(regs, pc[1].slots.c) != 0 ? a : b);
  WPLUG_NEXT(2);
}

template <int D>
WPLUG_HANDLER(global_get) {
  WPLUG_ENTER;
  write_int<D>(regs, pc[1].imm.d, *regs.ctx->globals[pc[1].imm.imm]);
  WPLUG_NEXT(2);
}

template <int D>
WPLUG_HANDLER(global_get_float) {
  WPLUG_ENTER;
  write_float<double, D>(regs, pc[1].imm.d, std::bit_cast<double>(*regs.ctx->globals[pc[1].imm.imm]));
  WPLUG_NEXT(2);
}

template <int A>
WPLUG_HANDLER(global_set) {
  WPLUG_ENTER;
  *regs.ctx->globals[pc[1].imm.imm] = read_int<uint64_t, A>(regs, pc[1].imm.d);
  WPLUG_NEXT(2);
}

template <int A>
WPLUG_HANDLER(global_set_float) {
  WPLUG_ENTER;
  *regs.ctx->globals[pc[1].imm.imm] = std::bit_cast<uint64_t>(read_float<double, A>(regs, pc[1].imm.d));
  WPLUG_NEXT(2);
}

WPLUG_HANDLER(zero_slots) {
  WPLUG_ENTER;
  std::memset(regs.fp + pc[1].slots.d, 0, pc[1].slots.a * sizeof(Slot));
  WPLUG_NEXT(2);
}

// f32 values travel through these as the low half of 8 bytes, upper half and all.
struct Move {
  template <int I>
  static constexpr Handler* at() {
    return &move<I / kB, I % kB>;
  }
};
struct MovePair {
  template <int I>
  static constexpr Handler* at() {
    return &move_pair<I / (kA * kA * kA), I / (kA * kA) % kA, I / kA % kA, I % kA>;
  }
};
struct MoveFloat {
  template <int I>
  static constexpr Handler* at() {
    return &move_float<I / kF, I % kF>;
  }
};
struct Const64 {
  template <int I>
  static constexpr Handler* at() {
    return &const_64<I>;
  }
};
struct ConstFloat {
  template <int I>
  static constexpr Handler* at() {
    return &const_float<I>;
  }
};
struct Select {
  template <int I>
  static constexpr Handler* at() {
    return &select<I / (kA * kA * kA), I / (kA * kA) % kA, I / kA % kA, I % kA>;
  }
};
struct SelectFloat {
  template <int I>
  static constexpr Handler* at() {
    return &select_float<I / (kF * kF * kA), I / (kF * kA) % kF, I / kA % kF, I % kA>;
  }
};
struct GlobalGet {
  template <int I>
  static constexpr Handler* at() {
    return &global_get<I>;
  }
};
struct GlobalGetFloat {
  template <int I>
  static constexpr Handler* at() {
    return &global_get_float<I>;
  }
};
struct GlobalSet {
  template <int I>
  static constexpr Handler* at() {
    return &global_set<I>;
  }
};
struct GlobalSetFloat {
  template <int I>
  static constexpr Handler* at() {
    return &global_set_float<I>;
  }
};
struct ZeroSlots {
  template <int I>
  static constexpr Handler* at() {
    return &zero_slots;
  }
};

}  // namespace

HandlerTable value_handlers(IrOp op) {
  switch (op) {
    case IrOp::move: return make_table<Move, kA * kB>();
    case IrOp::move_pair: return make_table<MovePair, kA * kA * kA * kA>();
    case IrOp::move_float: return make_table<MoveFloat, kF * kF>();
    case IrOp::const_64: return make_table<Const64, kA>();
    case IrOp::const_float: return make_table<ConstFloat, kF>();
    case IrOp::select: return make_table<Select, kA * kA * kA * kA>();
    case IrOp::select_float: return make_table<SelectFloat, kF * kF * kF * kA>();
    case IrOp::global_get: return make_table<GlobalGet, kA>();
    case IrOp::global_get_float: return make_table<GlobalGetFloat, kF>();
    case IrOp::global_set: return make_table<GlobalSet, kA>();
    case IrOp::global_set_float: return make_table<GlobalSetFloat, kF>();
    case IrOp::zero_slots: return make_table<ZeroSlots, 1>();
    default: return {};
  }
}

}  // namespace wplug
