// Statistics of a run, for people and for programs.
#pragma once

#include <cstdint>
#include <string>

#include "wplug/pipeline.h"

namespace wplug {

// A table with a line for each stage, and one of totals.
std::string stats_table(const Pipeline& pipeline, const RunTotals& totals);
// One line: {"records":n,"errors":n,"seconds":s,"records_per_s":r,"stages":[…]}, and "tenant":{…} when there is one.
std::string stats_json(const Pipeline& pipeline, const RunTotals& totals, const Account* tenant = nullptr);
// "12,345 records, 3 errors, 1.2 s, 10,287 records/s"
std::string totals_line(const RunTotals& totals);

struct ModuleStats {
  double seconds = 0;
  uint64_t instructions = 0;
  uint64_t peak_memory = 0;  // bytes
  int exit = 0;
};
std::string stats_line(const ModuleStats& stats);
// {"seconds":s,"instructions":n,"peak_memory":bytes,"exit":n}
std::string stats_json(const ModuleStats& stats);

}  // namespace wplug
