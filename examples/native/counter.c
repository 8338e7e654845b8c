/* A native plugin: counts its calls, and gives the record back with the number in front. docs/native-plugins.md builds and
 * runs it. */
#include <wplug/native_plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct counter {
  const wplug_native_host* host;
  unsigned calls;
} counter;

static wplug_text describe(void) {
  static const char text[] =
      "{\"name\":\"counter\",\"version\":\"1.0.0\",\"description\":\"counts calls\",\"license\":\"Apache-2.0\"}";
  return (wplug_text){text, sizeof text - 1};
}

static void* init(const wplug_native_host* host) {
  counter* const self = calloc(1, sizeof *self);
  if (self != NULL) self->host = host;
  return self;
}

static int32_t execute(void* instance, wplug_text input, wplug_text* output) {
  counter* const self = instance;
  static const char format[] = "{\"calls\":%u,\"record\":";
  if (input.size == 0) return 2; /* there is no record */
  char* const text = malloc(sizeof format + 10 + input.size + 1);
  if (text == NULL) return 1;
  const int start = sprintf(text, format, ++self->calls);
  memcpy(text + start, input.data, input.size);
  text[(size_t)start + input.size] = '}';
  self->host->log(self->host->context, (wplug_text){"counted", 7});
  *output = (wplug_text){text, (size_t)start + input.size + 1};
  return 0;
}

static int32_t health(void* instance) { return instance == NULL; }

static void release(void* instance, wplug_text output) {
  (void)instance;
  free((char*)output.data);
}

WPLUG_NATIVE_EXPORT const wplug_native_table* wplug_native_plugin(void) {
  static const wplug_native_table table = {
      .version = WPLUG_NATIVE_VERSION,
      .describe = describe,
      .init = init,
      .execute = execute,
      .health = health,
      .release = release,
      .free = free,
  };
  return &table;
}
