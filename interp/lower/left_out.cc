// What the small build (wasm/profile.h) has in place of the files that it leaves out. Modules that need them are
// refused when their features are checked, so most of this is never reached.
#include "interp/lower/check.h"
#include "interp/lower/translator.h"
#include "interp/lower/unwind_table.h"

namespace wplug {

// translate_exceptions.cc
bool Translator::exceptions(const Instruction&) { return false; }
void Translator::begin_try_table(const Instruction&, std::span<const CatchClause>) {}
void Translator::begin_catch(const Instruction&) {}
void Translator::end_delegate(uint32_t) {}
void Translator::set_try(uint32_t) {}

// translate_memory.cc: memory 0 with 32-bit addresses is all there is.
bool Translator::is_near(uint32_t) const { return true; }
void Translator::load_far(IrOp, ValType, const Instruction&) {}
void Translator::store_far(IrOp, const Instruction&) {}
bool Translator::atomic(const Instruction&) { return false; }
uint32_t Translator::index_64(uint32_t vreg) { return vreg; }

// translate_vector.cc, translate_reference.cc
bool Translator::vector(const Instruction&) { return false; }
uint32_t Translator::vector_constant(uint64_t, uint64_t) { return 0; }
bool Translator::reference(const Instruction&) { return false; }

// unwind_table.cc
std::unique_ptr<const UnwindTable> make_unwind_table(const IrFunction&, const std::vector<uint32_t>&, bool) {
  return nullptr;
}

// count.cc, printer.cc: Engine::create and Module::print_code say that they are not there.
void count_dispatches(LoweredBody&) {}
const void* handler_at(const LoweredBody& body, size_t cell) { return body.cells[cell].handler; }
std::vector<DispatchCount> dispatch_counts(ModuleCode&) { return {}; }
std::string print_code(ModuleCode&, uint32_t) { return {}; }

}  // namespace wplug
