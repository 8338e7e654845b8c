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

/* The host asks for one input at a time, so one buffer serves nearly all records; larger or further ones are malloc'ed. */
enum { smallest_input = 1024, largest_kept_input = 64 * 1024 };
static char* input;
static uint32_t input_capacity;
static int input_in_use;

static void grow_input(uint32_t size) {
  uint32_t capacity = smallest_input;
  while (capacity < size) {
    capacity *= 2;
  }
  free(input);
  input = malloc(capacity);
  input_capacity = input != NULL ? capacity : 0;
}

/* 0 when there is no room, which the host reports as a memory error of this record. */
WPLUG_EXPORT("malloc") void* wplug_export_malloc(uint32_t size) {
  if (input_in_use || size > largest_kept_input) {
    return malloc(size > 0 ? size : 1);
  }
  if (size > input_capacity || input == NULL) {
    grow_input(size);
  }
  input_in_use = input != NULL;
  return input;
}

WPLUG_EXPORT("free") void wplug_export_free(void* block) {
  if (block == input) {
    input_in_use = 0;
  } else {
    free(block);
  }
}
