// A load or store handler that faults inside a guarded memory becomes the trap: the signal handler only changes the program counter to
// the trap's handler and returns. That works without any saved state because
//   - load and store handlers stand in a section of their own, so a fault's address of code tells that it is one of them;
//   - while one runs, its parameters (pc, fp, ctx, mem, fuel, in the registers that exec/dispatch.h names) are where the trap's handler takes
//     its own: both have the same signature, and WPLUG_KEEP_PC holds pc until the access is done;
//   - such a handler uses no stack, so the stack pointer is as it was on entry.
#include "interp/exec/guard.h"

#include "interp/exec/dispatch.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer) || \
    __has_feature(undefined_behavior_sanitizer)
#define WPLUG_SANITIZED 1
#endif
#endif

#if WPLUG_DISPATCH_TAIL && defined(__x86_64__) && defined(__linux__) && defined(__OPTIMIZE__) && !defined(WPLUG_SANITIZED)
#define WPLUG_GUARD_PAGES 1
#include <signal.h>
#include <ucontext.h>

#include <mutex>
#else
#define WPLUG_GUARD_PAGES 0
#endif

namespace wplug {

bool guard_pages_supported() { return WPLUG_GUARD_PAGES != 0; }

#if WPLUG_GUARD_PAGES

// Bounds of the section, made by the linker.
extern "C" const char __start_wplug_memory_handlers[];
extern "C" const char __stop_wplug_memory_handlers[];

namespace {

struct sigaction previous_segv, previous_bus;

// True when the fault is an access by a memory handler to the guarded memory 0 of the running instance.
bool is_guest_fault(const siginfo_t* info, const ucontext_t* machine) {
  const auto& r = machine->uc_mcontext.gregs;
  auto code = static_cast<uintptr_t>(r[REG_RIP]);
  if (code < reinterpret_cast<uintptr_t>(__start_wplug_memory_handlers)) return false;
  if (code >= reinterpret_cast<uintptr_t>(__stop_wplug_memory_handlers)) return false;
  const auto* context = reinterpret_cast<const Context*>(r[REG_R14]);
  if (context->instance == nullptr || context->instance->memory_count == 0) return false;
  const Reservation& reservation = context->instance->memories[0]->address_space();
  if (reservation.kind() != Reservation::Kind::guarded) return false;
  auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  auto base = reinterpret_cast<uintptr_t>(reservation.base());
  return address >= base && address - base < reservation.reserved_size();
}

void pass_on(const struct sigaction& previous, int signal, siginfo_t* info, void* machine) {
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, machine);
  } else if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
    ::signal(signal, SIG_DFL);  // the instruction runs again and ends the process as it would have
  } else {
    previous.sa_handler(signal);
  }
}

void on_fault(int signal, siginfo_t* info, void* machine) {
  auto* context = static_cast<ucontext_t*>(machine);
  if (is_guest_fault(info, context)) {
    Handler* trap = &trap_with<TrapKind::out_of_bounds_memory_access>;
    context->uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(reinterpret_cast<uintptr_t>(trap));
    return;
  }
  pass_on(signal == SIGSEGV ? previous_segv : previous_bus, signal, info, machine);
}

}  // namespace

void install_guard_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &previous_segv);
    sigaction(SIGBUS, &action, &previous_bus);
  });
}

#else

void install_guard_handler() {}

#endif

}  // namespace wplug
