#include "tools/wplug/profile_output.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "host/log.h"
#include "host/units.h"

namespace wplug {
namespace {

constexpr double kWidth = 1200;
constexpr int kRow = 17;
constexpr int kHead = 46;
constexpr double kLeast = 0.25;  // narrower functions are left out
constexpr size_t kMostNameLength = 300;

// "name::h0123456789abcdef" without what Rust puts behind.
void drop_rust_hash(std::string& name) {
  const size_t at = name.rfind("::h");
  if (at == std::string::npos || name.size() - at != 19) return;
  const bool is_hash = std::all_of(name.begin() + static_cast<std::ptrdiff_t>(at) + 3, name.end(),
                                   [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (is_hash) name.resize(at);
}

// A function's name for people: without the compiler's mangling, without control characters.
std::string shown_name(const CallProfile::Function& function) {
  if (function.name.empty()) return fmt::format("function {}", function.index);
  std::string name = function.name;
  if (name.starts_with("_Z")) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        __cxxabiv1::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), &std::free);
    if (status == 0 && text != nullptr) name = text.get();
    drop_rust_hash(name);
  }
  name = printable(name);
  if (name.size() <= kMostNameLength) return name;
  size_t end = kMostNameLength;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
  return name.substr(0, end) + "…";
}

// The names of all functions; that of the module stands before them when there are several modules.
std::vector<std::string> shown_names(const CallProfile& profile) {
  std::vector<std::string> names;
  const bool several =
      std::any_of(profile.functions.begin(), profile.functions.end(),
                  [&](const CallProfile::Function& each) { return each.module != profile.functions.front().module; });
  for (const CallProfile::Function& function : profile.functions) {
    names.push_back((several ? printable(function.module) + "!" : "") + shown_name(function));
  }
  return names;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

double share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

// The tree, with what lies deeper than kMostFlameLevels counted with the ancestor at that level.
struct Flame {
  struct Box {
    uint32_t function = 0;
    uint32_t parent = CallProfile::kNoParent;
    uint32_t level = 0;
    uint64_t self = 0;
    uint64_t total = 0;
    double x = 0;
  };
  std::vector<Box> boxes;  // parents before children
  uint64_t total = 0;
  uint32_t levels = 0;
};

Flame make_flame(const CallProfile& profile) {
  Flame flame;
  std::vector<uint32_t> box_of(profile.nodes.size());
  for (size_t i = 0; i < profile.nodes.size(); ++i) {
    const CallProfile::Node& node = profile.nodes[i];
    const bool is_root = node.parent == CallProfile::kNoParent;
    const uint32_t parent = is_root ? CallProfile::kNoParent : box_of[node.parent];
    const uint32_t level = is_root ? 0 : flame.boxes[parent].level + 1;
    if (level >= kMostFlameLevels) {
      box_of[i] = parent;
      flame.boxes[parent].self += node.self;
      continue;
    }
    box_of[i] = static_cast<uint32_t>(flame.boxes.size());
    flame.boxes.push_back({node.function, parent, level, node.self, 0, 0});
    flame.levels = std::max(flame.levels, level + 1);
  }
  for (size_t i = flame.boxes.size(); i-- > 0;) {
    Flame::Box& box = flame.boxes[i];
    box.total += box.self;
    (box.parent == CallProfile::kNoParent ? flame.total : flame.boxes[box.parent].total) += box.total;
  }
  return flame;
}

// Where each box begins: siblings beside each other in the order of their first call.
void place(Flame& flame) {
  if (flame.total == 0) return;
  const double unit = kWidth / static_cast<double>(flame.total);
  double root_x = 0;
  std::vector<double> next(flame.boxes.size());
  for (size_t i = 0; i < flame.boxes.size(); ++i) {
    Flame::Box& box = flame.boxes[i];
    double& x = box.parent == CallProfile::kNoParent ? root_x : next[box.parent];
    box.x = next[i] = x;
    x += static_cast<double>(box.total) * unit;
  }
}

// A warm colour that only depends on the name.
std::string color_of(std::string_view name) {
  uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return fmt::format("hsl({},{}%,{}%)", 8 + hash % 44, 62 + hash / 64 % 18, 60 + hash / 4096 % 12);
}

// Sets what is shown of each box when one is clicked; the boxes carry their places as numbers.
constexpr const char* kScript = R"(<script><![CDATA[
(function () {
  var svg = document.currentScript.closest("svg"), boxes = Array.from(svg.querySelectorAll("g.f"));
  function number(box, name) { return parseFloat(box.getAttribute(name)); }
  function show(x, width, level) {
    boxes.forEach(function (box) {
      var from = number(box, "data-x"), size = number(box, "data-w"), above = number(box, "data-l") < level;
      var inside = above ? from <= x + 1e-6 && from + size >= x + width - 1e-6 : from >= x - 1e-6 && from + size <= x + width + 1e-6;
      box.style.display = inside ? "" : "none";
      if (!inside) return;
      var left = Math.max(0, (from - x) / width * 1200), right = Math.min(1200, (from + size - x) / width * 1200);
      var rect = box.querySelector("rect"), text = box.querySelector("text"), room = Math.floor((right - left - 6) / 6.6);
      rect.setAttribute("x", left);
      rect.setAttribute("width", Math.max(right - left - 0.5, 0.1));
      rect.style.opacity = above ? 0.5 : 1;
      text.setAttribute("x", left + 3);
      var name = box.getAttribute("data-n");
      text.textContent = room < 3 ? "" : name.length <= room ? name : name.slice(0, room - 1) + "…";
    });
  }
  boxes.forEach(function (box) {
    box.addEventListener("click", function () { show(number(box, "data-x"), number(box, "data-w"), number(box, "data-l")); });
  });
  svg.querySelector("text.all").addEventListener("click", function () { show(0, 1200, 0); });
})();
]]></script>
)";

std::string box_svg(const Flame& flame, const Flame::Box& box, const std::string& name) {
  const double width = kWidth * static_cast<double>(box.total) / static_cast<double>(flame.total);
  const int y = kHead + static_cast<int>(box.level) * kRow;
  const size_t room = width < 26 ? 0 : static_cast<size_t>((width - 6) / 6.6);
  std::string label;
  if (room >= 3) label = name.size() <= room ? name : name.substr(0, room - 1);
  while (!label.empty() && label.size() < name.size() &&
         (static_cast<unsigned char>(name[label.size()]) & 0xc0) == 0x80) {
    label.pop_back();
  }
  if (!label.empty() && label.size() < name.size()) label += "…";
  return fmt::format(
      R"(<g class="f" data-x="{:.4f}" data-w="{:.4f}" data-l="{}" data-n="{}"><title>{}: {} instructions ({:.2f} %), {} in itself</title>)"
      R"(<rect x="{:.2f}" y="{}" width="{:.2f}" height="{}" rx="1" fill="{}"/><text x="{:.2f}" y="{}">{}</text></g>)"
      "\n",
      box.x, width, box.level, escaped(name), escaped(name), format_count(box.total), share(box.total, flame.total),
      format_count(box.self), box.x, y, std::max(width - 0.5, 0.1), kRow - 1, color_of(name), box.x + 3, y + 12,
      escaped(label));
}

}  // namespace

std::string profile_table(const CallProfile& profile, size_t most) {
  std::vector<uint32_t> order(profile.functions.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<uint32_t>(i);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const uint64_t left = profile.functions[a].self, right = profile.functions[b].self;
    return left != right ? left > right : a < b;
  });
  const std::vector<std::string> names = shown_names(profile);
  std::string table = fmt::format("{} instructions in {} functions\n", format_count(profile.instructions),
                                  format_count(profile.functions.size()));
  table += fmt::format("{:>18} {:>6}  {:>18} {:>6}  {:>14}  {}\n", "self", "%", "total", "%", "calls", "function");
  for (size_t i = 0; i < std::min(most, order.size()); ++i) {
    const CallProfile::Function& function = profile.functions[order[i]];
    table += fmt::format("{:>18} {:>6.2f}  {:>18} {:>6.2f}  {:>14}  {}\n", format_count(function.self),
                         share(function.self, profile.instructions), format_count(function.total),
                         share(function.total, profile.instructions), format_count(function.calls), names[order[i]]);
  }
  if (order.size() > most)
    table += fmt::format("and {} more; --functions N shows more\n", format_count(order.size() - most));
  if (!profile.all_paths)
    table += "more than a million paths of calls: totals are of the first million; self and calls are exact\n";
  return table;
}

std::string folded_stacks(const CallProfile& profile) {
  std::vector<std::string> names = shown_names(profile);
  for (std::string& name : names) std::replace(name.begin(), name.end(), ';', ':');
  const Flame flame = make_flame(profile);
  std::string out, line;
  std::vector<uint32_t> path;
  for (const Flame::Box& box : flame.boxes) {
    if (box.self == 0) continue;
    path.assign(1, box.function);
    for (uint32_t at = box.parent; at != CallProfile::kNoParent; at = flame.boxes[at].parent) {
      path.push_back(flame.boxes[at].function);
    }
    line.clear();
    for (size_t i = path.size(); i-- > 0;) line += names[path[i]] + (i == 0 ? " " : ";");
    out += line + fmt::format("{}\n", box.self);
  }
  return out;
}

std::string flame_svg(const CallProfile& profile, const std::string& title) {
  const std::vector<std::string> names = shown_names(profile);
  Flame flame = make_flame(profile);
  place(flame);
  const int height = kHead + static_cast<int>(flame.levels) * kRow + 10;
  std::string out = fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:.0f} {1}" width="{0:.0f}" height="{1}" font-family="monospace" font-size="11">)"
      "\n<style>g.f {{ cursor: pointer }} g.f text {{ pointer-events: none }} text.all {{ cursor: pointer; fill: "
      "#1d4ed8 }}</style>\n"
      R"(<rect width="100%" height="100%" fill="#ffffff"/><text x="8" y="18" font-size="14">{2}: {3} instructions</text>)"
      R"(<text class="all" x="8" y="36">show all</text>)"
      "\n",
      kWidth, height, escaped(printable(title)), format_count(profile.instructions));
  for (const Flame::Box& box : flame.boxes) {
    if (flame.total == 0 || static_cast<double>(box.total) * kWidth < kLeast * static_cast<double>(flame.total))
      continue;
    out += box_svg(flame, box, names[box.function]);
  }
  return out + kScript + "</svg>\n";
}

std::string flame_html(const CallProfile& profile, const std::string& title) {
  std::string svg = flame_svg(profile, title);
  // Within a page the script is HTML's, which knows no CDATA.
  for (const char* mark : {"<![CDATA[", "]]>"}) svg.erase(svg.rfind(mark), std::string_view(mark).size());
  return fmt::format(
      "<!doctype html>\n<meta charset=\"utf-8\">\n<title>{}</title>\n<style>body {{ font-family: sans-serif }} svg {{ "
      "max-width: 100%; "
      "height: auto }}</style>\n{}<pre>{}</pre>\n",
      escaped(printable(title)), svg, escaped(profile_table(profile, 100)));
}

}  // namespace wplug
