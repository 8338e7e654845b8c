#include "interp/lower/liveness.h"

#include <algorithm>

namespace wplug {
namespace {

constexpr uint64_t kBlockVisits = 20'000'000;  // over all locals of a function

// Basic blocks and the edges between them, as index ranges into flat arrays. After the blocks come the nodes of try blocks.
struct Blocks {
  std::vector<uint32_t> starts;       // Ir index of each block's first instruction; one more at the end
  std::vector<uint32_t> pred_first;   // by block, one more at the end
  std::vector<uint32_t> preds;

  std::vector<uint32_t> of;           // by Ir index: its block
  uint32_t nodes = 0;                 // blocks and try blocks

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
    bool throws = may_throw(op) && try_block_at(function, i) != kNoTry;
    if (is_branch(op) || is_terminator(op) || throws) leader[i + 1] = true;
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
    const uint32_t last = blocks.starts[b + 1] - 1;
    for_each_successor(function, last, [&](uint32_t target) {
      if (target < n) edges.emplace_back(blocks.at(target), b);
    });
    const uint32_t thrown_to = may_throw(function.code[last].op) ? try_block_at(function, last) : kNoTry;
    if (thrown_to != kNoTry) edges.emplace_back(blocks.count() + thrown_to, b);
  }
  blocks.nodes = blocks.count() + static_cast<uint32_t>(function.try_blocks.size());
  for (uint32_t t = 0; t < function.try_blocks.size(); ++t) {
    const TryBlock& block = function.try_blocks[t];
    for (const CatchTarget& handler : block.handlers) {
      const uint32_t target = function.labels[handler.label].position;
      if (target < n) edges.emplace_back(blocks.at(target), blocks.count() + t);
    }
    if (block.parent != kNoTry) edges.emplace_back(blocks.count() + block.parent, blocks.count() + t);
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  blocks.pred_first.assign(blocks.nodes + 1, 0);
  for (auto [to, from] : edges) ++blocks.pred_first[to + 1];
  for (uint32_t b = 0; b < blocks.nodes; ++b) blocks.pred_first[b + 1] += blocks.pred_first[b];
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
    live_in_.assign(blocks_.nodes, 0);
    live_out_.assign(blocks_.nodes, 0);
    defines_.assign(blocks_.nodes, 0);
    has_events_.assign(blocks_.nodes, 0);
  }

  // Appends the segments of one variable, a virtual register; false when the budget is spent.
  bool add(uint32_t vreg, uint32_t variable) {
    stamp_ = variable + 1;
    touched_.clear();
    const uint32_t* begin = events_.positions.data() + events_.first[variable];
    const uint32_t* end = events_.positions.data() + events_.first[variable + 1];
    collect_blocks(begin, end);
    if (!follow_back()) return false;
    for (uint32_t node : touched_) {
      if (node >= blocks_.count()) result_.at_handler[vreg] = true;
    }
    segments(begin, end);
    return true;
  }
  // Of the variable added last.
  bool is_live_at_entry() const { return live_in_[0] == stamp_; }

  // Makes virtual registers of the webs of the local added last, but for the one that is alive at the entry, or the first. What is split
  // off goes to `split`: its segments by the new virtual registers.
  void split_webs(uint32_t local, IrFunction& function, std::vector<std::pair<uint32_t, Segment>>& split) {
    const size_t first = result_.first_segment[local], n = result_.segments.size() - first;
    if (n < 2) return;
    for (uint32_t node : touched_) {
      if (node >= blocks_.count()) return;
    }
    find_webs(first, n);
    const uint32_t kept = web_of(is_live_at_entry() ? segment_at(first, 0) : 0);
    names_.assign(n, local);
    bool any = false;
    for (uint32_t s = 0; s < n; ++s) {
      const uint32_t web = web_of(s);
      if (web == kept) continue;
      any = true;
      if (web == s) {
        names_[s] = static_cast<uint32_t>(function.vregs.size());
        function.vregs.push_back({function.vregs[local].slot, function.vregs[local].reg_class, false, false});
      }
      names_[s] = names_[web];
    }
    if (any) rename(local, function, first, n, split);
  }

 private:
  // A web's number is that of its first segment.
  uint32_t web_of(uint32_t segment) {
    while (webs_[segment] != segment) segment = webs_[segment] = webs_[webs_[segment]];
    return segment;
  }

  // The number of the segment that a position is in.
  uint32_t segment_at(size_t first, uint32_t position) const {
    const auto begin = result_.segments.begin() + static_cast<ptrdiff_t>(first);
    const auto after = std::upper_bound(begin, result_.segments.end(), position,
                                        [](uint32_t p, const Segment& s) { return p < s.begin; });
    return static_cast<uint32_t>(after - begin) - 1;
  }

  // Joins segments where the value goes from one block to the next.
  void find_webs(size_t first, size_t n) {
    webs_.resize(n);
    for (uint32_t i = 0; i < n; ++i) webs_[i] = i;
    for (const uint32_t block : touched_) {
      const uint32_t into = segment_at(first, 2 * blocks_.starts[block]);
      for (uint32_t i = blocks_.pred_first[block]; i < blocks_.pred_first[block + 1]; ++i) {
        const uint32_t a = web_of(into), b = web_of(segment_at(first, 2 * blocks_.starts[blocks_.preds[i] + 1] - 1));
        webs_[std::max(a, b)] = std::min(a, b);
      }
    }
  }

  void rename(uint32_t local, IrFunction& function, size_t first, size_t n,
              std::vector<std::pair<uint32_t, Segment>>& split) {
    const uint32_t variable = stamp_ - 1;
    for (uint32_t e = events_.first[variable]; e < events_.first[variable + 1]; ++e) {
      const uint32_t position = events_.positions[e], name = names_[segment_at(first, position)];
      Ir& ir = function.code[position / 2];
      if ((position & 1) != 0) {
        ir.d = name;
        continue;
      }
      for (uint32_t* operand : {&ir.a, &ir.b, &ir.c}) {
        if (*operand == local && !(operand == &ir.c && is_indirect_call(ir.op))) *operand = name;
      }
    }
    size_t left = first;
    for (size_t s = 0; s < n; ++s) {
      const Segment segment = result_.segments[first + s];
      if (names_[s] == local) {
        result_.segments[left++] = segment;
      } else {
        split.emplace_back(names_[s], segment);
      }
    }
    result_.segments.resize(left);
  }

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
      if (has_events_[block] == stamp_ || block >= blocks_.count()) continue;
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
  std::vector<uint32_t> webs_, names_;  // by segment of the local that is split
  uint32_t stamp_ = 0;
  uint64_t visits_ = 0;
};

}  // namespace

Liveness find_liveness(IrFunction& function) {
  Liveness result;
  if (function.code.empty()) return result;
  const Blocks blocks = find_blocks(function);
  if (!function.try_blocks.empty()) result.at_handler.assign(function.vregs.size(), false);
  const std::vector<Segment> extents = find_extents(function);
  const Variables variables(function, blocks, extents);
  VariableLiveness liveness(function, blocks, variables, result);
  std::vector<std::pair<uint32_t, Segment>> split;
  const uint32_t vregs = static_cast<uint32_t>(function.vregs.size());
  for (uint32_t v = 0; v < vregs; ++v) {
    result.first_segment.push_back(static_cast<uint32_t>(result.segments.size()));
    if (variables.number(v) != Variables::kNone) {
      if (!liveness.add(v, variables.number(v))) return result;
      if (v < function.locals && liveness.is_live_at_entry()) result.live_in.push_back(v);
      if (v < function.locals) liveness.split_webs(v, function, split);
    } else if (extents[v].begin <= extents[v].end) {
      result.segments.push_back(extents[v]);
    }
  }
  std::sort(split.begin(), split.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first, a.second.begin) < std::pair(b.first, b.second.begin);
  });
  size_t next = 0;
  for (uint32_t v = vregs; v < function.vregs.size(); ++v) {
    result.first_segment.push_back(static_cast<uint32_t>(result.segments.size()));
    for (; next < split.size() && split[next].first == v; ++next) result.segments.push_back(split[next].second);
  }
  if (!result.at_handler.empty()) result.at_handler.resize(function.vregs.size(), false);
  result.first_segment.push_back(static_cast<uint32_t>(result.segments.size()));
  result.complete = true;
  return result;
}

}  // namespace wplug
