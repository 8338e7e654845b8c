#include "interp/lower/liveness.h"

#include <algorithm>

namespace wplug {
namespace {

constexpr uint64_t kBlockVisits = 20'000'000;  // over all locals of a function

// Basic blocks and the edges between them, as index ranges into flat arrays.
struct Blocks {
  std::vector<uint32_t> starts;       // Ir index of each block's first instruction; one more at the end
  std::vector<uint32_t> pred_first;   // by block, one more at the end
  std::vector<uint32_t> preds;

  std::vector<uint32_t> of;           // by Ir index: its block

  uint32_t count() const { return static_cast<uint32_t>(starts.size() - 1); }
  uint32_t at(uint32_t ir) const { return of[ir]; }
};

template <class F>
void for_each_successor(const IrFunction& function, uint32_t last, F f) {
  const Ir& ir = function.code[last];
  if (is_branch(ir.op)) f(function.labels[ir.label].position);
  if (ir.op == IrOp::br_table) {
    for (uint64_t i = 0; i <= ir.imm; ++i) f(function.labels[function.tables[ir.label + i]].position);
  }
  if (!is_terminator(ir.op)) f(last + 1);
}

Blocks find_blocks(const IrFunction& function) {
  uint32_t n = static_cast<uint32_t>(function.code.size());
  std::vector<bool> leader(n + 1, false);
  leader[0] = true;
  for (const Label& label : function.labels) {
    if (label.used) leader[label.position] = true;
  }
  for (uint32_t i = 0; i < n; ++i) {
    IrOp op = function.code[i].op;
    if (is_branch(op) || is_terminator(op)) leader[i + 1] = true;
  }
  Blocks blocks;
  blocks.of.reserve(n);
  for (uint32_t i = 0; i < n; ++i) {
    if (leader[i]) blocks.starts.push_back(i);
    blocks.of.push_back(static_cast<uint32_t>(blocks.starts.size() - 1));
  }
  blocks.starts.push_back(n);
  std::vector<std::pair<uint32_t, uint32_t>> edges;  // (to, from)
  for (uint32_t b = 0; b < blocks.count(); ++b) {
    for_each_successor(function, blocks.starts[b + 1] - 1, [&](uint32_t target) {
      if (target < n) edges.emplace_back(blocks.at(target), b);
    });
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  blocks.pred_first.assign(blocks.count() + 1, 0);
  for (auto [to, from] : edges) ++blocks.pred_first[to + 1];
  for (uint32_t b = 0; b < blocks.count(); ++b) blocks.pred_first[b + 1] += blocks.pred_first[b];
  for (auto [to, from] : edges) blocks.preds.push_back(from);
  return blocks;
}

// The one segment of each temporary and merge, from the first to the last access; begins after it ends where there is none.
std::vector<Segment> find_extents(const IrFunction& function) {
  std::vector<Segment> extents(function.vregs.size(), Segment{UINT32_MAX, 0});
  auto extend = [&](uint32_t v, uint32_t position) {
    extents[v].begin = std::min(extents[v].begin, position);
    extents[v].end = std::max(extents[v].end, position);
  };
  for (uint32_t i = 0; i < function.code.size(); ++i) {
    for_each_use(function.code[i], [&](uint32_t v) { extend(v, 2 * i); });
    if (function.code[i].d < kImmediate) extend(function.code[i].d, 2 * i + 1);
  }
  return extents;
}

// The virtual registers that one segment would not do for, counted through: those with accesses in several blocks. What is
// pinned stays at home whatever its segments are.
class Variables {
 public:
  Variables(const IrFunction& function, const Blocks& blocks, std::span<const Segment> extents) {
    number_.assign(function.vregs.size(), kNone);
    for (uint32_t v = 0; v < function.vregs.size(); ++v) {
      const Segment& extent = extents[v];
      if (extent.begin > extent.end) continue;
      if (v >= function.locals && function.vregs[v].pinned) continue;
      if (v < function.locals || blocks.at(extent.begin / 2) != blocks.at(extent.end / 2)) number_[v] = count_++;
    }
  }
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t count() const { return count_; }
  // kNone for what needs no more than one segment.
  uint32_t number(uint32_t vreg) const { return number_[vreg]; }

 private:
  uint32_t count_ = 0;
  std::vector<uint32_t> number_;
};

// Accesses of each variable by ascending position; odd positions are definitions.
struct Events {
  std::vector<uint32_t> first;  // by variable, one more at the end
  std::vector<uint32_t> positions;
};

Events find_events(const IrFunction& function, const Variables& variables) {
  Events events;
  events.first.assign(variables.count() + 1, 0);
  auto each = [&](auto f) {
    auto access = [&](uint32_t vreg, uint32_t position) {
      const uint32_t variable = variables.number(vreg);
      if (variable != Variables::kNone) f(variable, position);
    };
    for (uint32_t i = 0; i < function.code.size(); ++i) {
      for_each_use(function.code[i], [&](uint32_t v) { access(v, 2 * i); });
      if (function.code[i].d < kImmediate) access(function.code[i].d, 2 * i + 1);
    }
  };
  each([&](uint32_t v, uint32_t) { ++events.first[v + 1]; });
  for (uint32_t v = 0; v < variables.count(); ++v) events.first[v + 1] += events.first[v];
  events.positions.resize(events.first.back());
  std::vector<uint32_t> next(events.first.begin(), events.first.end() - 1);
  each([&](uint32_t v, uint32_t position) { events.positions[next[v]++] = position; });
  return events;
}

class VariableLiveness {
 public:
  VariableLiveness(const IrFunction& function, const Blocks& blocks, const Variables& variables, Liveness& result)
      : result_(result), blocks_(blocks), events_(find_events(function, variables)) {
    live_in_.assign(blocks_.count(), 0);
    live_out_.assign(blocks_.count(), 0);
    defines_.assign(blocks_.count(), 0);
    has_events_.assign(blocks_.count(), 0);
  }

  // Appends the segments of one variable; false when the budget is spent.
  bool add(uint32_t variable) {
    stamp_ = variable + 1;
    touched_.clear();
    const uint32_t* begin = events_.positions.data() + events_.first[variable];
    const uint32_t* end = events_.positions.data() + events_.first[variable + 1];
    collect_blocks(begin, end);
    if (!follow_back()) return false;
    segments(begin, end);
    return true;
  }
  // Of the variable added last.
  bool is_live_at_entry() const { return live_in_[0] == stamp_; }

 private:
  struct InBlock {
    uint32_t block;
    bool begins_with_use;
  };

  void collect_blocks(const uint32_t* begin, const uint32_t* end) {
    with_events_.clear();
    for (const uint32_t* p = begin; p != end;) {
      uint32_t block = blocks_.at(*p / 2);
      with_events_.push_back({block, (*p & 1) == 0});
      bool defines = false;
      uint32_t limit = 2 * blocks_.starts[block + 1];
      for (; p != end && *p < limit; ++p) defines |= (*p & 1) != 0;
      has_events_[block] = stamp_;
      if (defines) defines_[block] = stamp_;
    }
  }

  void mark_in(uint32_t block) {
    if (live_in_[block] == stamp_) return;
    live_in_[block] = stamp_;
    touched_.push_back(block);
    worklist_.push_back(block);
  }

  bool follow_back() {
    for (const InBlock& b : with_events_) {
      if (b.begins_with_use) mark_in(b.block);
    }
    while (!worklist_.empty()) {
      uint32_t block = worklist_.back();
      worklist_.pop_back();
      for (uint32_t i = blocks_.pred_first[block]; i < blocks_.pred_first[block + 1]; ++i) {
        if (++visits_ > kBlockVisits) return false;
        uint32_t pred = blocks_.preds[i];
        live_out_[pred] = stamp_;
        if (defines_[pred] != stamp_) mark_in(pred);
      }
    }
    return true;
  }

  // Segments of blocks without events are whole blocks; others go from definition or block start to the last use or block end.
  void segments(const uint32_t* begin, const uint32_t* end) {
    size_t first = result_.segments.size();
    for (uint32_t block : touched_) {
      if (has_events_[block] == stamp_) continue;
      result_.segments.push_back({2 * blocks_.starts[block], 2 * blocks_.starts[block + 1] - 1});
    }
    for (const uint32_t* p = begin; p != end;) {
      uint32_t block = blocks_.at(*p / 2);
      uint32_t limit = 2 * blocks_.starts[block + 1];
      const uint32_t* last = p;
      while (last != end && *last < limit) ++last;
      in_block(block, p, last);
      p = last;
    }
    std::sort(result_.segments.begin() + static_cast<ptrdiff_t>(first), result_.segments.end(),
              [](const Segment& a, const Segment& b) { return a.begin < b.begin; });
    join_adjacent(first);
  }

  void join_adjacent(size_t first) {
    std::vector<Segment>& all = result_.segments;
    size_t kept = first;
    for (size_t i = first; i < all.size(); ++i) {
      if (kept > first && all[kept - 1].end + 1 == all[i].begin) {
        all[kept - 1].end = all[i].end;
      } else {
        all[kept++] = all[i];
      }
    }
    all.resize(kept);
  }

  void in_block(uint32_t block, const uint32_t* begin, const uint32_t* end) {
    bool live = live_in_[block] == stamp_;
    uint32_t from = 2 * blocks_.starts[block], to = from;
    for (const uint32_t* p = begin; p != end; ++p) {
      if ((*p & 1) == 0) {
        to = *p;
        continue;
      }
      if (live) result_.segments.push_back({from, to});
      live = true;
      from = to = *p;
    }
    if (live_out_[block] == stamp_) to = 2 * blocks_.starts[block + 1] - 1;
    if (live) result_.segments.push_back({from, to});
  }

  Liveness& result_;
  const Blocks& blocks_;
  Events events_;
  std::vector<uint32_t> live_in_, live_out_, defines_, has_events_;  // by block: the variable's stamp
  std::vector<uint32_t> touched_, worklist_;
  std::vector<InBlock> with_events_;
  uint32_t stamp_ = 0;
  uint64_t visits_ = 0;
};

}  // namespace

Liveness find_liveness(const IrFunction& function) {
  Liveness result;
  if (function.code.empty()) return result;
  const Blocks blocks = find_blocks(function);
  const std::vector<Segment> extents = find_extents(function);
  const Variables variables(function, blocks, extents);
  VariableLiveness liveness(function, blocks, variables, result);
  for (uint32_t v = 0; v < function.vregs.size(); ++v) {
    result.first_segment.push_back(static_cast<uint32_t>(result.segments.size()));
    if (variables.number(v) != Variables::kNone) {
      if (!liveness.add(variables.number(v))) return result;
      if (v < function.locals && liveness.is_live_at_entry()) result.live_in.push_back(v);
    } else if (extents[v].begin <= extents[v].end) {
      result.segments.push_back(extents[v]);
    }
  }
  result.first_segment.push_back(static_cast<uint32_t>(result.segments.size()));
  result.complete = true;
  return result;
}

}  // namespace wplug
