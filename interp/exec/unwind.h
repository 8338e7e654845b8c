// Exceptions at run time: from where one is thrown, frame by frame, to the handler that takes it.
//
// A frame stands at a cell: the one that throws, or the last cell of a call, which is before the return address. Its function's UnwindTable tells the
// try blocks around that cell. The search changes nothing; when it has found a handler, the frames between are dropped (and the calls between instances that
// led to them), the exception's values are copied to the handler's slots, and the code goes on there. Only a handler that wants the
// exception itself makes an object of it.
//
// The search is part of one instruction, so it looks at the interrupt flag and the deadline itself, and it costs one unit of fuel for each 8
// handlers and try blocks it has looked at. Frames cost nothing: each was paid for by its call.
#pragma once

#include "interp/exec/dispatch.h"

namespace wplug {

struct Thrown {
  const TagInstance* tag = nullptr;
  const Slot* values = nullptr;  // tag->type->param_slots
  HeapObject* object = nullptr;  // when there is one already
};

// How running code goes on.
enum class Raised : uint8_t {
  caught,     // at `pc`
  poll,       // at `pc`, by way of poll()
  uncaught,   // not: nothing has changed but the fuel
  trapped,    // not: ctx->trap_kind says why; nothing has changed
};
struct Raise {
  Raised what;
  const Cell* pc = nullptr;
};

// Throws at `pc`, which settles `charge` instructions. `replaced`: the frame was given up for a tail call.
Raise raise(Regs& regs, const Cell* pc, Thrown thrown, int32_t charge, bool replaced);

}  // namespace wplug
