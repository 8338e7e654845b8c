/* Native plugins: shared libraries (.so, .dylib, .dll) that wplug calls as it calls its WebAssembly plugins.
 *
 * They are not sandboxed: a native plugin runs in the host's process and may do all that the host may. Limits of memory,
 * fuel and host calls, and grants, do not hold it; a call that takes too long cannot be stopped, only its result is thrown
 * away. So a host loads one only where its configuration says `native = true`.
 *
 * A library exports one function, wplug_native_plugin, that gives a table of what it can do:
 *
 *     static int32_t execute(void* instance, wplug_text input, wplug_text* output) { ... }
 *     static const wplug_native_table table = {.version = WPLUG_NATIVE_VERSION, .init = init, .execute = execute};
 *     WPLUG_NATIVE_EXPORT const wplug_native_table* wplug_native_plugin(void) { return &table; }
 *
 * Conventions
 *  1. C11 or C++11 and later, and nothing but this file.
 *  2. Texts are UTF-8 with a length and without a terminating zero. What the host gives lives until the function returns.
 *  3. An instance belongs to one thread at a time; several instances may be at work on several threads at once.
 *  4. No exception may leave a function. The host catches those of C++ where it can and throws the instance away.
 *  5. A table is read once and lives as long as the library is loaded.
 *  6. Members that a plugin does not have are null; only `version` and `execute` are required. A later version adds members
 *     at the end.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WPLUG_NATIVE_VERSION 1

#if defined(_WIN32)
#define WPLUG_NATIVE_EXPORT __declspec(dllexport)
#else
#define WPLUG_NATIVE_EXPORT __attribute__((visibility("default")))
#endif

typedef struct wplug_text {
  const char* data; /* may be null when size is 0 */
  size_t size;
} wplug_text;

/* What an instance may use of its host; lives as long as the instance. */
typedef struct wplug_native_host {
  uint32_t version; /* WPLUG_NATIVE_VERSION of the host */
  void* context;    /* for the functions here */
  /* A line for the host's log. During a call of the instance and on its thread only. */
  void (*log)(void* context, wplug_text line);
  wplug_text config;         /* the plugin's configuration, a JSON object */
  wplug_text data_directory; /* the plugin's own directory; empty: it has none */
} wplug_native_host;

typedef struct wplug_native_table {
  uint32_t version; /* WPLUG_NATIVE_VERSION of the plugin */
  /* What the plugin is: a JSON object {name, version, description, author?, license?, type?, capabilities?: [..]}, as a
   * midimon plugin's init gives it. Lives as long as the library. */
  wplug_text (*describe)(void);
  /* A new instance, handed to all functions below; null: it cannot be made. */
  void* (*init)(const wplug_native_host* host);
  /* One call. 0: `output`, which the host set to an empty text, is the result. Any other number is the plugin's error code
   * and `output` says why, if it is not empty. It stays valid until `release`, or else until the instance's next call. */
  int32_t (*execute)(void* instance, wplug_text input, wplug_text* output);
  /* 0: it is fit for work. */
  int32_t (*health)(void* instance);
  /* The host has copied this output; called once for each that has data. */
  void (*release)(void* instance, wplug_text output);
  /* Ends an instance. */
  void (*free)(void* instance);
} wplug_native_table;

/* What the library exports. Null: the plugin cannot be used. */
WPLUG_NATIVE_EXPORT const wplug_native_table* wplug_native_plugin(void);

#ifdef __cplusplus
}
#endif
