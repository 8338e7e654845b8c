/* The plugin side of wplug's `transform` ABI, for C and C++.

   A C plugin is this header, src/abi.c, and functions exported with WPLUG_EXPORT:

       #include <wplug_sdk/abi.h>

       WPLUG_EXPORT("transform") const char* transform(const char* input, uint32_t size) {
         return size > 0 ? wplug_output(input, size) : wplug_fail("empty record", 12);
       }

   C++ plugins use wplug_sdk/plugin.h, which is made of these functions.

   1. An entry gets one record, UTF-8 JSON without a line end, in a buffer that the host made with the exported `malloc`
      and frees after it has read the result. It returns what wplug_output or wplug_fail gave it.
   2. The output stays where it is until the next call of an entry: a static or malloc'ed buffer, or the input itself.
   3. One instance handles one call at a time. What it keeps in static variables is seen by later records of the same
      instance only, so it may cache but not count.
   4. Every size is in bytes. Nothing here needs a terminating zero. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __wasm__
#define WPLUG_IMPORT(name) __attribute__((import_module("env"), import_name(name)))
#define WPLUG_EXPORT(name) __attribute__((export_name(name), visibility("default")))
#else /* a native build, for unit tests, which define the imports themselves */
#define WPLUG_IMPORT(name)
#define WPLUG_EXPORT(name)
#endif

/* What wplug_get_config and wplug_http_get return when they do not return a size. */
enum {
  WPLUG_NOT_FOUND = -1,
  WPLUG_DENIED = -2,    /* the host's policy does not allow it */
  WPLUG_EXHAUSTED = -3, /* the call's budget is spent */
  WPLUG_NETWORK = -4,
  WPLUG_TIMED_OUT = -5,
  WPLUG_INVALID_ARGUMENT = -6
};

/* A line for the host's log. */
WPLUG_IMPORT("log") void wplug_log(const char* message, uint32_t size);

/* Writes at most `capacity` bytes of the configured value, as JSON text, and returns the size of all of it. */
WPLUG_IMPORT("get_config")
int32_t wplug_get_config(const char* key, uint32_t key_size, char* out, uint32_t capacity);

/* Fetches a URL and writes at most `capacity` bytes of the body; returns the size of all of it. Every call is a request. */
WPLUG_IMPORT("http_get")
int32_t wplug_http_get(const char* url, uint32_t url_size, char* out, uint32_t capacity);

/* Sets a header of the response that the record becomes part of. */
WPLUG_IMPORT("set_header")
void wplug_set_header(const char* key, uint32_t key_size, const char* value, uint32_t value_size);

/* Says why this call fails. */
WPLUG_IMPORT("set_error") void wplug_set_error(const char* message, uint32_t size);

/* The result of a call that worked: `size` bytes at `output`. An entry returns what this returns. */
const char* wplug_output(const char* output, uint32_t size);

/* The result of a call that failed, with its reason. An entry returns what this returns. */
const char* wplug_fail(const char* message, uint32_t size);

#ifdef __cplusplus
}
#endif
