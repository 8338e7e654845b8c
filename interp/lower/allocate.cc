// Candidates are taken by what they gain over the square root of the room they need (of powers from 0 to 1 the best on our
// kernels: plain density favours temporaries over what a loop carries); each goes into the first register of its class that is free over all its
// segments. A value has one place for its whole life, so control flow merges need no moves. Calls clobber the registers: a value that
// lives across one is saved at home before it and loaded again after it, or written through to its home at each definition when that is
// cheaper, and the cost of that counts against it.
#include "interp/lower/allocate.h"

#include <algorithm>
#include <cmath>

#include "interp/lower/coalesce.h"
#include "interp/lower/liveness.h"

namespace wplug {
namespace {

constexpr uint64_t kWordBudget = 100'000'000;  // words of bitmaps looked at for one function
constexpr double kMoveCost = 2.0;              // of one more dispatch, in operand accesses

// Positions that are taken in one machine register.
class Occupancy {
 public:
  explicit Occupancy(size_t positions) : words_((positions + 63) / 64, 0) {}

  bool is_free(const Segment& s, uint64_t& budget) const {
    size_t first = s.begin / 64, last = s.end / 64;
    for (size_t w = first; w <= last; ++w) {
      if (budget-- == 0) return false;
      if ((words_[w] & mask(s, w)) != 0) return false;
    }
    return true;
  }
  void take(const Segment& s) {
    for (size_t w = s.begin / 64; w <= s.end / 64; ++w) words_[w] |= mask(s, w);
  }

 private:
  static uint64_t mask(const Segment& s, size_t word) {
    uint64_t m = ~uint64_t{0};
    if (word == s.begin / 64) m &= ~uint64_t{0} << (s.begin % 64);
    if (word == s.end / 64) m &= ~uint64_t{0} >> (63 - s.end % 64);
    return m;
  }
  std::vector<uint64_t> words_;
};

struct Call {
  uint32_t index;  // Ir
  double weight;
};

struct Hint {
  uint32_t vreg, other;  // of a copy
  double weight;
};

struct Candidate {
  uint32_t vreg;
  double priority;
};

class Allocator {
 public:
  explicit Allocator(IrFunction& function) : liveness_(find_coalesced(function)), function_(function) {}

  Allocation run() {
    allocation_ = allocate_nothing(function_);
    if (!liveness_.complete) return std::move(allocation_);
    allocation_.zero_all = false;
    allocation_.live_in = liveness_.live_in;
    allocation_.write_through.assign(function_.vregs.size(), false);
    weigh();
    choose();
    assign();
    find_live_across();
    return std::move(allocation_);
  }

 private:
  static Liveness find_coalesced(IrFunction& function) {
    Liveness liveness = find_liveness(function);
    coalesce_moves(function, liveness);
    return liveness;
  }

  void weigh() {
    size_t n = function_.vregs.size();
    gain_.assign(n, 0);
    definitions_.assign(n, 0);
    for (uint32_t i = 0; i < function_.code.size(); ++i) {
      const Ir& ir = function_.code[i];
      double weight = loop_weight(ir.loop_depth);
      for_each_use(ir, [&](uint32_t v) { gain_[v] += weight; });
      if (ir.d < kImmediate) {
        gain_[ir.d] += weight;
        definitions_[ir.d] += weight;
      }
      if (is_call(ir.op)) calls_.push_back({i, weight});
      if (is_copy(ir)) {
        hints_.push_back({ir.d, ir.a, weight});
        hints_.push_back({ir.a, ir.d, weight});
      }
    }
    std::sort(hints_.begin(), hints_.end(), [](const Hint& x, const Hint& y) {
      return x.vreg != y.vreg ? x.vreg < y.vreg : x.weight > y.weight;
    });
    for (uint32_t v : liveness_.live_in) definitions_[v] += v < function_.params ? 0 : 1;
    is_live_in_.assign(function_.locals, false);
    for (uint32_t v : liveness_.live_in) is_live_in_[v] = true;
  }

  template <class F>
  void for_each_crossed_call(uint32_t vreg, F f) const {
    for (const Segment& s : liveness_.of(vreg)) {
      // Live across call i when 2i and 2i + 1 are both inside, and something before 2i + 1 defined it.
      auto at = std::lower_bound(calls_.begin(), calls_.end(), s.begin, [](const Call& c, uint32_t p) { return 2 * c.index < p; });
      for (; at != calls_.end() && 2 * at->index + 1 <= s.end; ++at) f(*at);
    }
  }

  void choose() {
    for (uint32_t v = 0; v < function_.vregs.size(); ++v) {
      const VReg& reg = function_.vregs[v];
      int registers = reg.reg_class == RegClass::integer ? kIntRegisters : kFloatRegisters;
      std::span<const Segment> segments = liveness_.of(v);
      bool at_handler = v < liveness_.at_handler.size() && liveness_.at_handler[v];
      if (reg.pinned || at_handler || registers == 0 || segments.empty()) continue;
      double crossed = 0;
      for_each_crossed_call(v, [&](const Call& call) { crossed += call.weight; });
      double cost = crossed + std::min(crossed, definitions_[v]);
      if (v < function_.locals && is_live_in_[v]) cost += 1;
      double gain = gain_[v] - kMoveCost * cost;
      if (gain <= 0) continue;
      allocation_.write_through[v] = crossed > 0 && definitions_[v] < crossed;
      double length = 0;
      for (const Segment& s : segments) length += s.end - s.begin + 1;
      candidates_.push_back({v, gain / std::sqrt(length)});
    }
    std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
      return a.priority != b.priority ? a.priority > b.priority : a.vreg < b.vreg;
    });
  }

  void assign() {
    size_t positions = 2 * function_.code.size() + 2;
    std::vector<Occupancy> integer(kIntRegisters, Occupancy(positions));
    std::vector<Occupancy> floating(kFloatRegisters, Occupancy(positions));
    uint64_t budget = kWordBudget;
    for (const Candidate& candidate : candidates_) {
      auto& file = function_.vregs[candidate.vreg].reg_class == RegClass::integer ? integer : floating;
      std::span<const Segment> segments = liveness_.of(candidate.vreg);
      const auto take = [&](size_t r) {
        if (budget <= positions) return false;
        if (!std::all_of(segments.begin(), segments.end(), [&](const Segment& s) { return file[r].is_free(s, budget); })) return false;
        for (const Segment& s : segments) file[r].take(s);
        allocation_.place[candidate.vreg] = static_cast<int8_t>(r);
        return true;
      };
      const int8_t wanted = wanted_register(candidate.vreg);
      if (wanted != Allocation::kSlot && take(static_cast<size_t>(wanted))) continue;
      for (size_t r = 0; r < file.size() && !take(r); ++r) {
      }
    }
  }

  // The register of what is copied to or from a virtual register most often: in the same one the copy costs nothing.
  int8_t wanted_register(uint32_t vreg) const {
    auto at = std::lower_bound(hints_.begin(), hints_.end(), vreg, [](const Hint& hint, uint32_t v) { return hint.vreg < v; });
    for (; at != hints_.end() && at->vreg == vreg; ++at) {
      if (allocation_.in_register(at->other)) return allocation_.place[at->other];
    }
    return Allocation::kSlot;
  }

  void find_live_across() {
    for (uint32_t v = 0; v < function_.vregs.size(); ++v) {
      if (!allocation_.in_register(v)) {
        allocation_.write_through[v] = false;
        continue;
      }
      for_each_crossed_call(v, [&](const Call& call) { allocation_.live_across.emplace_back(call.index, v); });
    }
    std::sort(allocation_.live_across.begin(), allocation_.live_across.end());
  }

  Liveness liveness_;  // before what reads the function: webs are renamed
  const IrFunction& function_;
  Allocation allocation_;
  std::vector<double> gain_, definitions_;  // by virtual register, weighted by loops
  std::vector<bool> is_live_in_;
  std::vector<Call> calls_;
  std::vector<Hint> hints_;  // by virtual register, the heaviest first
  std::vector<Candidate> candidates_;
};

}  // namespace

Allocation allocate_nothing(const IrFunction& function) {
  Allocation allocation;
  allocation.place.assign(function.vregs.size(), Allocation::kSlot);
  return allocation;
}

Allocation allocate_registers(IrFunction& function) { return Allocator(function).run(); }

}  // namespace wplug
