#include "interp/lower/duplicate.h"

#include <algorithm>
#include <optional>

namespace wplug {
namespace {

constexpr uint32_t kMostCopied = 12;     // instructions of one copy
constexpr uint32_t kMostTargets = 300;   // of a br_table that is copied
constexpr uint32_t kLookBack = 8;        // instructions that may lie between a constant and the branch

// A branch, and the instructions from `begin` to `end` that are to stand in its place.
struct Copy {
  uint32_t branch;
  uint32_t begin, end;
  uint32_t target = 0;      // with `is_jump`: the label that a br_table at begin is known to go to
  bool is_jump = false;
};

class Duplicator {
 public:
  explicit Duplicator(IrFunction& function) : function_(function) {}

  void run() {
    find_copies();
    if (copies_.empty()) return;
    rebuild();
  }

 private:
  const Ir& ir(uint32_t index) const { return function_.code[index]; }

  static bool may_copy(const Ir& ir) {
    return !may_throw(ir.op) && !is_object_operation(ir.op) && ir.op != IrOp::return_call &&
           ir.op != IrOp::return_call_import && ir.op != IrOp::return_call_indirect && ir.op != IrOp::return_call_ref;
  }

  // The constant that `vreg` has at `index`, when it was set shortly before in the same block.
  std::optional<uint64_t> constant_at(uint32_t vreg, uint32_t index) const {
    for (uint32_t i = index, steps = 0; i-- > 0 && steps < kLookBack; ++steps) {
      if (is_label_[i + 1] || is_branch(ir(i).op) || is_terminator(ir(i).op) || is_call(ir(i).op)) return std::nullopt;
      if (ir(i).d != vreg) continue;
      if (ir(i).op == IrOp::move && ir(i).b == kImmediate) return ir(i).imm;
      return std::nullopt;
    }
    return std::nullopt;
  }

  void find_copies() {
    const uint32_t n = static_cast<uint32_t>(function_.code.size());
    is_label_.assign(n + 1, false);
    for (const Label& label : function_.labels) is_label_[label.position] = is_label_[label.position] || label.used;
    uint32_t budget = n / 2 + 200;
    // Inner loops first.
    uint32_t deepest = 0;
    for (const Ir& each : function_.code) deepest = std::max<uint32_t>(deepest, each.loop_depth);
    for (uint32_t depth = deepest + 1; depth-- > 0;) {
      for (uint32_t i = 0; i < n; ++i) {
        if (ir(i).op != IrOp::br || std::min<uint32_t>(ir(i).loop_depth, deepest) != depth) continue;
        if (const auto copy = copy_for(i, budget)) copies_.push_back(*copy);
      }
    }
    std::sort(copies_.begin(), copies_.end(), [](const Copy& a, const Copy& b) { return a.branch < b.branch; });
  }

  std::optional<Copy> copy_for(uint32_t branch, uint32_t& budget) const {
    const uint32_t n = static_cast<uint32_t>(function_.code.size());
    const uint32_t begin = function_.labels[ir(branch).label].position;
    if (begin >= n || begin == branch) return std::nullopt;
    const uint32_t try_block = try_block_at(function_, branch);
    uint32_t cost = 0;
    for (uint32_t i = begin; i < n && i - begin < 2 * kMostCopied; ++i) {
      const Ir& each = ir(i);
      if (i == branch || !may_copy(each) || try_block_at(function_, i) != try_block) return std::nullopt;
      if (each.op == IrOp::br_table && cost == 0) {
        if (const auto value = constant_at(each.a, branch)) {
          const uint64_t index = std::min<uint64_t>(static_cast<uint32_t>(*value), each.imm);
          return Copy{branch, i, i + 1, function_.tables[each.label + index], true};
        }
      }
      if (each.op != IrOp::nop) ++cost;
      if (is_branch(each.op) || is_terminator(each.op)) {
        if (each.op == IrOp::br_table) {
          if (each.imm > kMostTargets) return std::nullopt;
          cost += static_cast<uint32_t>(each.imm) / 2;
        }
        // Outside of loops only what takes no room.
        if (ir(branch).loop_depth == 0 && cost > 1) return std::nullopt;
        if (cost > kMostCopied + (each.op == IrOp::br_table ? kMostTargets : 0) || cost > budget) return std::nullopt;
        budget -= cost;
        return Copy{branch, begin, i + 1};
      }
      if (cost > kMostCopied) return std::nullopt;
    }
    return std::nullopt;
  }

  uint32_t new_label(uint32_t position, uint32_t count) {
    function_.labels.push_back({position, count, true});
    return static_cast<uint32_t>(function_.labels.size() - 1);
  }

  // The code again with the copies in it. Labels that are made here have positions in the old code until all is moved.
  void rebuild() {
    std::vector<Ir> old = std::move(function_.code);
    function_.code.clear();
    function_.code.reserve(old.size() + old.size() / 2);
    std::vector<uint32_t> moved(old.size() + 1);
    size_t next = 0;
    for (uint32_t i = 0; i < old.size(); ++i) {
      moved[i] = static_cast<uint32_t>(function_.code.size());
      if (next < copies_.size() && copies_[next].branch == i) {
        emit_copy(old, copies_[next++]);
      } else {
        function_.code.push_back(old[i]);
      }
    }
    moved[old.size()] = static_cast<uint32_t>(function_.code.size());
    for (Label& label : function_.labels) label.position = moved[label.position];
    for (CallResults& results : function_.call_results) results.call = moved[results.call];
    for (SlotOperands& operands : function_.slot_operands) operands.index = moved[operands.index];
    for (TryRegion& region : function_.try_regions) region.begin = moved[region.begin];
  }

  void emit_copy(const std::vector<Ir>& old, const Copy& copy) {
    const Ir& branch = old[copy.branch];
    const uint32_t shift = branch.count - function_.labels[branch.label].count;
    for (uint32_t i = copy.begin; i < copy.end; ++i) {
      if (old[i].op == IrOp::nop) continue;
      Ir& each = function_.code.emplace_back(old[i]);
      each.count += shift;
      if (copy.is_jump) {
        each.op = IrOp::br;
        each.a = kNoReg;
        each.imm = 0;
        each.label = copy.target;
      }
    }
    if (is_terminator(function_.code.back().op)) return;
    // What follows the comparison is reached by a branch now; the comparison takes the way that stays in the loop.
    Ir& compare = function_.code.back();
    const uint32_t follows = new_label(copy.end, old[copy.end - 1].count);
    const uint32_t taken = compare.label;
    const uint32_t position = function_.labels[taken].position;
    const auto depth = [&](uint32_t at) { return at < old.size() ? old[at].loop_depth : uint8_t{0}; };
    Ir jump = compare;
    jump.op = IrOp::br;
    jump.a = jump.b = jump.c = kNoReg;
    jump.imm = 0;
    jump.negate = false;
    if (depth(position) > depth(copy.end)) {
      jump.label = follows;
    } else {
      if (is_float_branch(compare.op)) {
        compare.negate = !compare.negate;
      } else {
        compare.op = inverted_branch(compare.op);
      }
      compare.label = follows;
      jump.label = taken;
    }
    function_.code.push_back(jump);
  }

  static bool is_float_branch(IrOp op) { return info(op).shape == IrShape::branch_float; }

  IrFunction& function_;
  std::vector<bool> is_label_;
  std::vector<Copy> copies_;
};

}  // namespace

void duplicate_tails(IrFunction& function) {
  // What is copied may again end in a branch to little.
  for (int round = 0; round < 2; ++round) Duplicator(function).run();
}

}  // namespace wplug
