// The main function of every doctest program.
//
// doctest's signal handlers are left out: they would take the place of the engine's own, which turns faults in guarded
// memories into traps.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS
#include <doctest/doctest.h>
