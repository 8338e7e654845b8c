/* A plugin without the SDK that lies to the host on request: {"op":"far_output"} returns a pointer outside its memory.
   An op it does not know makes it a plugin that returns its input. */
#include <stddef.h>
#include <stdint.h>

#define IMPORT(name) __attribute__((import_module("env"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

IMPORT("log") void log_line(uint32_t at, uint32_t size);
IMPORT("get_config") int32_t get_config(uint32_t key, uint32_t key_size, uint32_t out, uint32_t capacity);
IMPORT("http_get") int32_t http_get(uint32_t url, uint32_t url_size, uint32_t out, uint32_t capacity);
IMPORT("set_header") void set_header(uint32_t key, uint32_t key_size, uint32_t value, uint32_t value_size);
IMPORT("set_error") void set_error(uint32_t at, uint32_t size);

static const uint32_t kFar = 0xfffffff0; /* 16 bytes before the end of the address space */

static char room[32 * 1024];
static uint32_t output_size;
static uint32_t next_malloc; /* what malloc returns instead of room, if not 0 */
static int next_malloc_fails;

static uint32_t address(const void* at) { return (uint32_t)(uintptr_t)at; }

static uint32_t memory_size(void) { return (uint32_t)__builtin_wasm_memory_size(0) * 65536; }

EXPORT("malloc") uint32_t plugin_malloc(uint32_t size) {
  const uint32_t lie = next_malloc;
  const int fails = next_malloc_fails;
  next_malloc = 0;
  next_malloc_fails = 0;
  return lie != 0 ? lie : fails || size > sizeof room ? 0 : address(room);
}

EXPORT("free") void plugin_free(uint32_t at) { (void)at; }

EXPORT("get_output_len") uint32_t get_output_len(void) { return output_size; }

static int has_op(const char* input, uint32_t size, const char* op) {
  for (uint32_t at = 0; at < size; ++at) {
    uint32_t i = 0;
    while (op[i] != '\0' && at + i < size && input[at + i] == op[i]) {
      ++i;
    }
    if (op[i] == '\0' && at > 0 && input[at - 1] == '"' && at + i < size && input[at + i] == '"') {
      return 1;
    }
  }
  return 0;
}

static uint32_t result(uint32_t at, uint32_t size) {
  output_size = size;
  return at;
}

static uint32_t text(const char* words) {
  uint32_t size = 0;
  while (words[size] != '\0') {
    ++size;
  }
  return result(address(words), size);
}

EXPORT("transform") uint32_t transform(const char* input, uint32_t size) {
#define OP(name) if (has_op(input, size, name))
  /* results */
  OP("far_output") return result(memory_size() + 100, 10);
  OP("wrapping_output") return result(kFar, 0x20);
  OP("straddling_output") return result(memory_size() - 4, 8);
  OP("endless_output") return result(address(input), 0xffffffff);
  OP("negative_output") return result(address(input), 0x80000000);
  OP("null_output") return result(0, 2);
  OP("empty_output") return result(address(input), 0);
  OP("not_json") return text("certainly not JSON");
  OP("two_values") return text("{} {}");
  OP("two_lines") return text("{\"a\":\n1}");
  OP("bad_utf8") return text("{\"a\":\"\xff\xfe\"}");
  OP("cut_json") return text("{\"a\":");
  /* arguments of host functions */
  OP("far_log") log_line(memory_size() + 1, 5);
  OP("wrapping_log") log_line(kFar, 0x20);
  OP("endless_log") log_line(0, 0xffffffff);
  OP("far_error") {
    set_error(kFar, 0x20);
    return 0;
  }
  OP("far_key") get_config(kFar, 0x20, address(room), 10);
  OP("far_value") get_config(address("key"), 3, kFar, 0x20);
  OP("far_url") http_get(memory_size(), 20, address(room), 10);
  OP("wrapping_header") set_header(address("x"), 1, kFar, 0x7fffffff);
  OP("bad_utf8_error") {
    set_error(address("\xff\xfe\"\\\n\x01"), 6);
    return 0;
  }
  /* what the host gets from malloc for the next record */
  OP("malloc_null") next_malloc_fails = 1;
  OP("malloc_far") next_malloc = memory_size() + 8;
  OP("malloc_wrapping") next_malloc = kFar;
  OP("malloc_straddling") next_malloc = memory_size() - 4;
#undef OP
  return result(address(input), size);
}
