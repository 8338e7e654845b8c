// What the small build (wasm/profile.h) has in place of the files that it leaves out: no handlers for operations of
// features that it has not.
#include "interp/exec/guard.h"
#include "interp/exec/handlers.h"

namespace wplug {

// atomics.cc, handlers_exception.cc, handlers_far.cc, handlers_reference.cc, handlers_vector.cc,
// handlers_vector_unary.cc, objects.cc
HandlerTable atomic_handlers(IrOp) { return {}; }
HandlerTable exception_handlers(IrOp) { return {}; }
HandlerTable far_load_handlers(IrOp) { return {}; }
HandlerTable far_store_handlers(IrOp) { return {}; }
HandlerTable object_handlers(IrOp) { return {}; }
HandlerTable reference_handlers(IrOp) { return {}; }
HandlerTable vector_handlers(IrOp) { return {}; }
HandlerTable vector_unary_handlers(IrOp) { return {}; }

// handlers_exception.cc: a host function's error is never an exception that a guest could catch.
WPLUG_COLD_HANDLER(host_failed) {
  WPLUG_ENTER;
  WPLUG_TAIL(error_exit);
}
WPLUG_COLD_HANDLER(host_failed_tail) {
  WPLUG_ENTER;
  WPLUG_TAIL(error_exit);
}

// guard.cc
bool guard_pages_supported() { return false; }
void install_guard_handler() {}

}  // namespace wplug
