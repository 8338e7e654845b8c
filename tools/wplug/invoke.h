// Calling one export with arguments from the command line.
#pragma once

#include <string>
#include <vector>

#include "wplug/error.h"
#include "wplug/instance.h"
#include "wplug/module.h"

namespace wplug {

// Why the export cannot be called with these texts: not there, not that many, not numbers of its types. Empty: it can.
std::string invoke_problem(const Module& module, const std::string& name, const std::vector<std::string>& arguments);
// "add (i32, i32) -> (i32), fib (i32) -> (i32)"
std::string exported_functions(const Module& module);
// Calls it and prints each result on a line of its own. The arguments have passed invoke_problem.
Result<void> invoke_and_print(const Instance& instance, const std::string& name,
                              const std::vector<std::string>& arguments);

}  // namespace wplug
