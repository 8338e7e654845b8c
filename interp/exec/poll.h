// Stopping the guest from outside.
#pragma once

#include "interp/store/runtime.h"
#include "interp/store/stop.h"
