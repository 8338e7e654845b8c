// Moves of inner loops come first. For each, in this order:
//   What reads the copy reads the source instead, as long as both hold the same value; when nothing is left that does, the move goes.
//   What reads the source after the move reads the copy instead, so that the two are not alive together.
//   Two that are never alive together become one.
// The readers are looked for up to the next label: further on, other ways come in.
//
// What two virtual registers become keeps the home of one of them, and what is read for longer keeps its own. While it lives there, nothing
// else may: no other virtual register (`homes_`) and no call whose callee's frame begins below (`calls_`).
#include "interp/lower/coalesce.h"

#include <algorithm>
#include <deque>
#include <optional>

namespace wplug {
namespace {

constexpr uint32_t kNone = UINT32_MAX;
constexpr size_t kMostSegments = 64;     // of a virtual register that is still merged
constexpr uint32_t kMostInstructions = 100;  // that are looked at for the readers of one move
constexpr uint64_t kMostWork = 20'000'000;       // steps in one function, whatever its shape
constexpr double kPinnedUses = 4;        // a value used more often than this for each move saved stays free to get a machine register

struct Call {
  uint32_t index;  // Ir
  uint32_t base;   // first slot that is lost
};

bool is_dead_load(const Ir& ir) {
  return is_copy(ir) || ir.op == IrOp::move || ir.op == IrOp::const_64 || ir.op == IrOp::const_float || ir.op == IrOp::const_vector;
}

void make_nop(Ir& ir) {
  ir.op = IrOp::nop;
  ir.d = ir.a = ir.b = ir.c = kNoReg;
}

bool overlap(std::span<const Segment> x, std::span<const Segment> y) {
  for (size_t i = 0, j = 0; i < x.size() && j < y.size();) {
    if (x[i].end < y[j].begin) {
      ++i;
    } else if (y[j].end < x[i].begin) {
      ++j;
    } else {
      return true;
    }
  }
  return false;
}

class Coalescer {
 public:
  Coalescer(IrFunction& function, Liveness& liveness) : function_(function), liveness_(liveness) {}

  void run() {
    find_moves();
    if (moves_.empty()) return;
    find_homes();
    bool any = false;
    for (const uint32_t move : moves_) {
      if (work_ > kMostWork) break;
      any |= coalesce(move);
    }
    if (!any) return;
    rename();
    rebuild();
  }

 private:
  struct Occupant {
    uint32_t begin, end, vreg;
    bool operator<(const Occupant& other) const { return begin < other.begin; }
  };

  void find_moves() {
    own_.assign(function_.vregs.size(), kNone);
    roots_.resize(function_.vregs.size());
    for (uint32_t v = 0; v < roots_.size(); ++v) roots_[v] = v;
    for (uint32_t i = 0; i < function_.code.size(); ++i) {
      Ir& ir = function_.code[i];
      if (is_dead_load(ir) && !function_.vregs[ir.d].pinned && is_dead(ir.d, 2 * i + 1)) {
        make_nop(ir);
      } else if (is_copy(ir)) {
        moves_.push_back(i);
      }
      if (is_call(ir.op)) calls_.push_back({i, ir.label});
    }
    is_label_.assign(function_.code.size() + 1, false);
    for (const Label& label : function_.labels) is_label_[label.position] = is_label_[label.position] || label.used;
    edges_.assign(function_.code.size() + 1, 0);
    for (uint32_t i = 0; i < function_.code.size(); ++i) {
      const IrOp op = function_.code[i].op;
      edges_[i] += is_label_[i];
      edges_[i + 1] = edges_[i] + (is_branch(op) || is_terminator(op));
    }
    std::sort(moves_.begin(), moves_.end(), [&](uint32_t x, uint32_t y) {
      const uint8_t of_x = function_.code[x].loop_depth, of_y = function_.code[y].loop_depth;
      return of_x != of_y ? of_x > of_y : x < y;
    });
  }

  bool is_dead(uint32_t vreg, uint32_t position) const {
    const std::span<const Segment> all = liveness_.of(vreg);
    const auto at = std::lower_bound(all.begin(), all.end(), position, [](const Segment& s, uint32_t p) { return s.begin < p; });
    return at != all.end() && at->begin == position && at->end == position;
  }

  // What is in each slot and when, from the segments, and from what calls take and give in slots.
  void find_homes() {
    uses_.assign(function_.vregs.size(), 0);
    for (const Ir& ir : function_.code) {
      if (is_copy(ir)) continue;
      for_each_use(ir, [&](uint32_t v) { uses_[v] += loop_weight(ir.loop_depth); });
      if (ir.d < kImmediate) uses_[ir.d] += loop_weight(ir.loop_depth);
    }
    is_live_in_.assign(function_.vregs.size(), false);
    for (const uint32_t v : liveness_.live_in) is_live_in_[v] = true;
    for (const SlotOperands& operand : function_.slot_operands) extend(operand.vreg, 2 * operand.index);
    for (const CallResults& results : function_.call_results) {
      for (uint32_t i = 0; i < results.count; ++i) extend(results.first + i, 2 * results.call + 1);
    }
    for (uint32_t v = 0; v < function_.vregs.size(); ++v) {
      for (const Segment& s : segments(v)) occupy(v, s);
    }
    for (std::vector<Occupant>& home : homes_) std::sort(home.begin(), home.end());
  }

  void extend(uint32_t vreg, uint32_t position) {
    std::vector<Segment>& all = own_segments(vreg);
    if (all.empty()) {
      all.push_back({position, position});
    } else {
      all.front().begin = std::min(all.front().begin, position);
      all.back().end = std::max(all.back().end, position);
    }
  }

  uint32_t width(uint32_t vreg) const { return function_.vregs[vreg].reg_class == RegClass::vector ? 2 : 1; }

  void occupy(uint32_t vreg, const Segment& segment) {
    const uint32_t slot = function_.vregs[vreg].slot, end = slot + width(vreg);
    if (homes_.size() < end) homes_.resize(end);
    if (rough_.size() < end) rough_.resize(end);
    const bool is_rough = function_.vregs[vreg].pinned && edges_[segment.begin / 2] != edges_[segment.end / 2];
    for (uint32_t s = slot; s < end; ++s) (is_rough ? rough_ : homes_)[s].push_back({segment.begin, segment.end, vreg});
  }

  uint32_t root(uint32_t vreg) {
    while (roots_[vreg] != vreg) vreg = roots_[vreg] = roots_[roots_[vreg]];
    return vreg;
  }

  std::span<const Segment> segments(uint32_t root) const {
    const uint32_t own = own_[root];
    return own == kNone ? liveness_.of(root) : std::span<const Segment>(changed_[own]);
  }

  bool coalesce(uint32_t index) {
    Ir& ir = function_.code[index];
    const uint32_t d = root(ir.d), a = root(ir.a);
    if (d == a) {
      make_nop(ir);
      return true;
    }
    const double weight = loop_weight(ir.loop_depth);
    if (segments(d).empty() || segments(a).empty() || segments(d).size() + segments(a).size() > kMostSegments) return false;
    if (!function_.vregs[d].pinned && redirect(index, d, a)) {
      make_nop(ir);
      return true;
    }
    bool changed = false;
    if (overlap(segments(d), segments(a))) {
      if (function_.vregs[a].pinned || !redirect(index, a, d)) return false;
      changed = true;
      if (overlap(segments(d), segments(a))) return true;
    }
    if (may_join(d, a, weight)) {
      join(d, a);
    } else if (may_join(a, d, weight)) {
      join(a, d);
    } else {
      return changed;
    }
    make_nop(ir);
    return true;
  }

  // Makes all that reads `from` after the move at `index` read `to`, which holds the same value. False, and nothing is changed, when
  // that cannot be.
  bool redirect(uint32_t index, uint32_t from, uint32_t to) {
    readers_.clear();
    const std::optional<uint32_t> end = find_readers(index, from, to);
    if (!end) return false;
    const uint32_t last = readers_.empty() ? 2 * index : 2 * readers_.back();
    double weight = 0;
    for (const uint32_t reader : readers_) weight += loop_weight(function_.code[reader].loop_depth);
    if (function_.vregs[to].pinned && weight > kPinnedUses * loop_weight(function_.code[index].loop_depth)) return false;
    if (!readers_.empty() && !lengthen(to, 2 * index, last)) return false;
    for (const uint32_t reader : readers_) {
      Ir& ir = function_.code[reader];
      for (uint32_t* operand : {&ir.a, &ir.b, &ir.c}) {
        if (*operand < kImmediate && !(operand == &ir.c && is_indirect_call(ir.op)) && root(*operand) == from) *operand = to;
      }
    }
    uses_[from] -= weight;
    uses_[to] += weight;
    cut(from, 2 * index, *end);
    return true;
  }

  // What reads the value that `from` has after `index`, to readers_; the position from which on it has another value, or is dead. None when
  // not all of that can read `to` instead.
  std::optional<uint32_t> find_readers(uint32_t index, uint32_t from, uint32_t to) {
    bool lost = false;  // `to` has another value
    for (uint32_t i = index + 1; i < function_.code.size() && i <= index + kMostInstructions; ++i) {
      if (!is_alive(from, 2 * i)) return 2 * i;
      if (is_label_[i]) return std::nullopt;
      const Ir& ir = function_.code[i];
      bool reads = false;
      for_each_use(ir, [&](uint32_t v) { reads |= root(v) == from; });
      if (reads && lost) return std::nullopt;
      if (reads) readers_.push_back(i);
      if (is_branch(ir.op) && is_alive(from, 2 * function_.labels[ir.label].position)) return std::nullopt;
      if (ir.op == IrOp::br_table) return std::nullopt;
      if (ir.d < kImmediate && root(ir.d) == from) return 2 * i + 1;
      if (is_terminator(ir.op)) return 2 * i + 1;
      if (ir.d < kImmediate && root(ir.d) == to) lost = true;
      if (is_call(ir.op) && ir.label < function_.vregs[to].slot + width(to)) lost = true;
    }
    return std::nullopt;
  }

  bool is_alive(uint32_t vreg, uint32_t position) const {
    const std::span<const Segment> all = segments(vreg);
    const auto after = std::upper_bound(all.begin(), all.end(), position, [](uint32_t p, const Segment& s) { return p < s.begin; });
    return after != all.begin() && std::prev(after)->end >= position;
  }

  std::vector<Segment>& own_segments(uint32_t vreg) {
    if (own_[vreg] == kNone) {
      own_[vreg] = static_cast<uint32_t>(changed_.size());
      const std::span<const Segment> all = liveness_.of(vreg);
      changed_.emplace_back(all.begin(), all.end());
    }
    return changed_[own_[vreg]];
  }

  // Keeps `vreg`, alive at `from` or right after it, alive up to `to`; false when its home is taken.
  bool lengthen(uint32_t vreg, uint32_t from, uint32_t to) {
    const uint32_t slot = function_.vregs[vreg].slot;
    const Segment more{from + 1, to};
    for (uint32_t s = slot; s < slot + width(vreg); ++s) {
      if (is_taken(s, more, vreg, vreg)) return false;
    }
    std::vector<Segment>& all = own_segments(vreg);
    const auto after = std::upper_bound(all.begin(), all.end(), from + 1, [](uint32_t p, const Segment& s) { return p < s.begin; });
    if (after == all.begin()) return false;
    Segment& segment = *std::prev(after);
    if (segment.end < from || (after != all.end() && after->begin <= to)) return false;
    if (segment.end >= to) return true;
    for (uint32_t s = slot; s < slot + width(vreg); ++s) occupy_also(s, {segment.end + 1, to, vreg});
    segment.end = to;
    return true;
  }

  // `vreg` is not alive between the positions: after `from`, before `to`.
  void cut(uint32_t vreg, uint32_t from, uint32_t to) {
    std::vector<Segment> left;
    std::vector<Segment>& all = own_segments(vreg);
    for (const Segment& s : all) {
      if (s.begin <= from) left.push_back({s.begin, std::min(s.end, from)});
      if (s.end >= to) left.push_back({std::max(s.begin, to), s.end});
    }
    all = std::move(left);
  }

  // Whether `gone` can live where `kept` does.
  bool may_join(uint32_t kept, uint32_t gone, double weight) {
    if (function_.vregs[gone].pinned || is_live_in_[gone]) return false;
    if (function_.vregs[kept].pinned && uses_[gone] > kPinnedUses * weight && !crosses_call(gone, 0)) return false;
    const uint32_t slot = function_.vregs[kept].slot;
    if (function_.vregs[gone].slot == slot) return true;
    if (crosses_call(gone, slot + width(kept))) return false;
    for (uint32_t s = slot; s < slot + width(kept); ++s) {
      for (const Segment& segment : segments(gone)) {
        if (is_taken(s, segment, kept, gone)) return false;
      }
    }
    return true;
  }

  // Whether a call is made while `vreg` lives that loses slots before `end`; 0: any call.
  bool crosses_call(uint32_t vreg, uint32_t end) const {
    for (const Segment& s : segments(vreg)) {
      auto at = std::lower_bound(calls_.begin(), calls_.end(), s.begin, [](const Call& c, uint32_t p) { return 2 * c.index < p; });
      for (; at != calls_.end() && 2 * at->index + 1 <= s.end; ++at) {
        if (end == 0 || at->base < end) return true;
      }
    }
    return false;
  }

  // Whether a slot holds anything but `kept` and `gone` in a segment.
  bool is_taken(uint32_t slot, const Segment& segment, uint32_t kept, uint32_t gone) {
    work_ += rough_[slot].size() + 1;
    for (const Occupant& occupant : rough_[slot]) {
      if (occupant.begin <= segment.end && occupant.end >= segment.begin && is_in(occupant, slot, kept, gone)) return true;
    }
    const std::vector<Occupant>& home = homes_[slot];
    auto at = std::lower_bound(home.begin(), home.end(), Occupant{segment.begin, 0, 0});
    // Occupants of one slot do not overlap, but for those that have moved away.
    for (auto before = at; before != home.begin();) {
      --before;
      ++work_;
      if (is_in(*before, slot, kept, gone) && before->end >= segment.begin) return true;
      if (root(before->vreg) == before->vreg) break;
    }
    for (; at != home.end() && at->begin <= segment.end; ++at) {
      if (is_in(*at, slot, kept, gone)) return true;
    }
    return false;
  }

  void occupy_also(uint32_t slot, const Occupant& occupant) {
    std::vector<Occupant>& home = homes_[slot];
    work_ += home.size() / 8;
    home.insert(std::upper_bound(home.begin(), home.end(), occupant), occupant);
  }

  bool is_in(const Occupant& occupant, uint32_t slot, uint32_t kept, uint32_t gone) {
    const uint32_t vreg = root(occupant.vreg);
    if (vreg == kept || vreg == gone) return false;
    return function_.vregs[vreg].slot <= slot && slot < function_.vregs[vreg].slot + width(vreg);
  }

  void join(uint32_t kept, uint32_t gone) {
    const std::span<const Segment> of_kept = segments(kept), of_gone = segments(gone);
    std::vector<Segment> both(of_kept.size() + of_gone.size());
    std::merge(of_kept.begin(), of_kept.end(), of_gone.begin(), of_gone.end(), both.begin(),
               [](const Segment& x, const Segment& y) { return x.begin < y.begin; });
    const uint32_t slot = function_.vregs[kept].slot;
    for (uint32_t s = slot; s < slot + width(kept); ++s) {
      for (const Segment& segment : of_gone) occupy_also(s, {segment.begin, segment.end, kept});
    }
    size_t last = 0;
    for (size_t i = 1; i < both.size(); ++i) {
      if (both[last].end + 1 == both[i].begin) {
        both[last].end = both[i].end;
      } else {
        both[++last] = both[i];
      }
    }
    both.resize(last + 1);
    own_segments(kept) = std::move(both);
    roots_[gone] = kept;
    uses_[kept] += uses_[gone];
  }

  void rename() {
    for (Ir& ir : function_.code) {
      for (uint32_t* operand : {&ir.d, &ir.a, &ir.b, &ir.c}) {
        if (*operand < kImmediate && !(operand == &ir.c && is_indirect_call(ir.op))) *operand = root(*operand);
      }
    }
  }

  void rebuild() {
    std::vector<Segment> all;
    all.reserve(liveness_.segments.size());
    std::vector<uint32_t> first;
    first.reserve(liveness_.first_segment.size());
    for (uint32_t v = 0; v < function_.vregs.size(); ++v) {
      first.push_back(static_cast<uint32_t>(all.size()));
      if (root(v) != v) continue;
      const std::span<const Segment> own = segments(v);
      all.insert(all.end(), own.begin(), own.end());
    }
    first.push_back(static_cast<uint32_t>(all.size()));
    liveness_.segments = std::move(all);
    liveness_.first_segment = std::move(first);
  }

  IrFunction& function_;
  Liveness& liveness_;
  std::vector<uint32_t> roots_;     // by virtual register: what it has become, in steps
  std::vector<uint32_t> moves_;     // Ir
  std::vector<Call> calls_;         // ascending
  std::vector<double> uses_;        // by virtual register, weighted by loops; copies apart
  std::vector<bool> is_live_in_;
  std::vector<bool> is_label_;      // by Ir index
  std::vector<uint32_t> readers_;   // Ir
  std::vector<uint32_t> own_;                        // by virtual register: where changed_ has its segments, or kNone
  // Segments that are no longer those of `liveness_`: joined, cut, or longer by what calls read and write.
  std::deque<std::vector<Segment>> changed_;
  std::vector<std::vector<Occupant>> homes_;         // by slot, ascending
  // What is pinned has but one segment, from its first definition to its last use. Where that is more than one block there may be other ways
  // among it, on which something else is in the slot.
  std::vector<std::vector<Occupant>> rough_;         // by slot
  std::vector<uint32_t> edges_;                      // by Ir index: labels, branches and ends of ways up to it
  uint64_t work_ = 0;
};

}  // namespace

void coalesce_moves(IrFunction& function, Liveness& liveness) {
  if (liveness.complete && function.try_blocks.empty()) Coalescer(function, liveness).run();
}

}  // namespace wplug
