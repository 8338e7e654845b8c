// Systems without mmap, and builds that are not to use it: memories are blocks of the allocator or the C library.
#include "interp/store/reservation.h"

namespace wplug {

const bool Reservation::kHasPages = false;

bool Reservation::allocate_pages(uint64_t, uint64_t) { return false; }
bool Reservation::grow_pages(uint64_t) { return false; }
void Reservation::release_pages() {}

}  // namespace wplug
