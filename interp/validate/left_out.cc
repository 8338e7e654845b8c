// What the small build (wasm/profile.h) has in place of the files that it leaves out: modules with these instructions
// have been refused by check_features().
#include "interp/validate/function_validator.h"

namespace wplug {

// rules_exceptions.cc
bool FunctionValidator::try_table(const Instruction&, std::span<const CatchClause>) { return false; }
bool FunctionValidator::throw_tag(uint32_t) { return false; }
bool FunctionValidator::throw_ref() { return false; }
bool FunctionValidator::catch_block(const Instruction&) { return false; }
bool FunctionValidator::delegate_block(uint32_t) { return false; }
bool FunctionValidator::rethrow(uint32_t) { return false; }

// rules_object.cc
bool FunctionValidator::structure_instruction(const Instruction&) { return false; }
bool FunctionValidator::array_instruction(const Instruction&) { return false; }

// rules_vector.cc
bool FunctionValidator::has_lanes(const Instruction&) { return false; }
bool FunctionValidator::wide_arithmetic() { return false; }

}  // namespace wplug
