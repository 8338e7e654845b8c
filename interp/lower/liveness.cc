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

  uint32_t nodes = 0;

  uint32_t count() const { return static_cast<uint32_t>(starts.size() - 1); }
  uint32_t at(uint32_t ir) const {
    return static_cast<uint32_t>(std::upper_bound(starts.begin(), starts.end() - 1, ir) - starts.begin() - 1);
  }
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
  for (uint32_t i = 0; i < n; ++i) {
    if (leader[i]) blocks.starts.push_back(i);
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

// Accesses of each local by ascending position; odd positions are definitions.
struct Events {
  std::vector<uint32_t> first;  // by local, one more at the end
  std::vector<uint32_t> positions;
};

Events find_events(const IrFunction& function) {
  Events events;
  events.first.assign(function.locals + 1, 0);
  auto each = [&](auto f) {
    for (uint32_t i = 0; i < function.code.size(); ++i) {
      for_each_use(function.code[i], [&](uint32_t v) {
        if (v < function.locals) f(v, 2 * i);
      });
      if (function.code[i].d < function.locals) f(function.code[i].d, 2 * i + 1);
    }
  };
  each([&](uint32_t v, uint32_t) { ++events.first[v + 1]; });
  for (uint32_t v = 0; v < function.locals; ++v) events.first[v + 1] += events.first[v];
  events.positions.resize(events.first.back());
  std::vector<uint32_t> next(events.first.begin(), events.first.end() - 1);
  each([&](uint32_t v, uint32_t position) { events.positions[next[v]++] = position; });
  return events;
}

class LocalLiveness {
 public:
  LocalLiveness(const IrFunction& function, Liveness& result)
      : result_(result), blocks_(find_blocks(function)), events_(find_events(function)) {
    live_in_.assign(blocks_.nodes, 0);
    live_out_.assign(blocks_.nodes, 0);
    defines_.assign(blocks_.nodes, 0);
    has_events_.assign(blocks_.nodes, 0);
    if (!function.try_blocks.empty()) result.at_handler.assign(function.locals, false);
  }

  // Appends the segments of one local; false when the budget is spent.
  bool add(uint32_t local) {
    stamp_ = local + 1;
    touched_.clear();
    const uint32_t* begin = events_.positions.data() + events_.first[local];
    const uint32_t* end = events_.positions.data() + events_.first[local + 1];
    collect_blocks(begin, end);
    if (!follow_back()) return false;
    for (uint32_t node : touched_) {
      if (node >= blocks_.count()) result_.at_handler[local] = true;
    }
    segments(begin, end);
    if (live_in_[0] == stamp_) result_.live_in.push_back(local);
    return true;
  }

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
  Blocks blocks_;
  Events events_;
  std::vector<uint32_t> live_in_, live_out_, defines_, has_events_;  // by block: the local's stamp
  std::vector<uint32_t> touched_, worklist_;
  std::vector<InBlock> with_events_;
  uint32_t stamp_ = 0;
  uint64_t visits_ = 0;
};

}  // namespace

Liveness find_liveness(const IrFunction& function) {
  Liveness result;
  if (function.code.empty()) return result;
  LocalLiveness locals(function, result);
  for (uint32_t v = 0; v < function.locals; ++v) {
    result.first_segment.push_back(static_cast<uint32_t>(result.segments.size()));
    if (!locals.add(v)) return result;
  }
  uint32_t temporaries = static_cast<uint32_t>(function.vregs.size()) - function.locals;
  std::vector<Segment> one(temporaries, Segment{UINT32_MAX, 0});
  auto extend = [&](uint32_t v, uint32_t position) {
    if (v < function.locals) return;
    Segment& segment = one[v - function.locals];
    segment.begin = std::min(segment.begin, position);
    segment.end = std::max(segment.end, position);
  };
  for (uint32_t i = 0; i < function.code.size(); ++i) {
    for_each_use(function.code[i], [&](uint32_t v) { extend(v, 2 * i); });
    if (function.code[i].d < kImmediate) extend(function.code[i].d, 2 * i + 1);
  }
  for (uint32_t v = function.locals; v < function.vregs.size(); ++v) {
    result.first_segment.push_back(static_cast<uint32_t>(result.segments.size()));
    const Segment& segment = one[v - function.locals];
    if (segment.begin <= segment.end) result.segments.push_back(segment);
  }
  result.first_segment.push_back(static_cast<uint32_t>(result.segments.size()));
  result.complete = true;
  return result;
}

}  // namespace wplug
