#include "wplug_sdk/abi.h"

#include <stdlib.h>

static uint32_t output_size;

const char* wplug_output(const char* output, uint32_t size) {
  static const char empty[1];
  output_size = size;
  return output != NULL ? output : empty; /* 0 would say that the call failed */
}

const char* wplug_fail(const char* message, uint32_t size) {
  wplug_set_error(message, size);
  output_size = 0;
  return NULL;
}

WPLUG_EXPORT("get_output_len") uint32_t wplug_export_output_size(void) { return output_size; }

/* 0 when there is no room, which the host reports as a memory error of this record. */
WPLUG_EXPORT("malloc") void* wplug_export_malloc(uint32_t size) { return malloc(size > 0 ? size : 1); }

WPLUG_EXPORT("free") void wplug_export_free(void* block) { free(block); }
