#include "wplug/wasi.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "wplug/memory.h"
#include "wplug/trap.h"

namespace wplug {
namespace {

// The witx's signatures: i is i32, I is i64; all give an i32 but proc_exit. Written apart from the table under test.
struct Signature {
  const char* name;
  const char* params;
};
constexpr Signature kSignatures[] = {
    {"args_get", "ii"},
    {"args_sizes_get", "ii"},
    {"environ_get", "ii"},
    {"environ_sizes_get", "ii"},
    {"clock_res_get", "ii"},
    {"clock_time_get", "iIi"},
    {"fd_advise", "iIIi"},
    {"fd_allocate", "iII"},
    {"fd_close", "i"},
    {"fd_datasync", "i"},
    {"fd_fdstat_get", "ii"},
    {"fd_fdstat_set_flags", "ii"},
    {"fd_fdstat_set_rights", "iII"},
    {"fd_filestat_get", "ii"},
    {"fd_filestat_set_size", "iI"},
    {"fd_filestat_set_times", "iIIi"},
    {"fd_pread", "iiiIi"},
    {"fd_prestat_get", "ii"},
    {"fd_prestat_dir_name", "iii"},
    {"fd_pwrite", "iiiIi"},
    {"fd_read", "iiii"},
    {"fd_readdir", "iiiIi"},
    {"fd_renumber", "ii"},
    {"fd_seek", "iIii"},
    {"fd_sync", "i"},
    {"fd_tell", "ii"},
    {"fd_write", "iiii"},
    {"path_create_directory", "iii"},
    {"path_filestat_get", "iiiii"},
    {"path_filestat_set_times", "iiiiIIi"},
    {"path_link", "iiiiiii"},
    {"path_open", "iiiiiIIii"},
    {"path_readlink", "iiiiii"},
    {"path_remove_directory", "iii"},
    {"path_rename", "iiiiii"},
    {"path_symlink", "iiiii"},
    {"path_unlink_file", "iii"},
    {"poll_oneoff", "iiii"},
    {"proc_exit", "i"},
    {"proc_raise", "i"},
    {"sched_yield", ""},
    {"random_get", "ii"},
    {"sock_accept", "iii"},
    {"sock_recv", "iiiiii"},
    {"sock_send", "iiiii"},
    {"sock_shutdown", "ii"},
};
static_assert(std::size(kSignatures) == 46);

using Bytes = std::string;

Bytes sized(const Bytes& content) {
  REQUIRE(content.size() < 128 * 128);
  Bytes size(1, static_cast<char>(content.size() & 0x7f));
  if (content.size() >= 128) {
    size[0] = static_cast<char>(size[0] | 0x80);
    size += static_cast<char>(content.size() >> 7);
  }
  return size + content;
}

Bytes section(char id, const Bytes& content) { return id + sized(content); }

Bytes vector_of(const std::vector<Bytes>& items) {
  REQUIRE(items.size() < 128);
  Bytes all(1, static_cast<char>(items.size()));
  for (const Bytes& item : items) all += item;
  return all;
}

Bytes func_type(std::string_view params, bool result) {
  Bytes types;
  for (const char p : params) types += p == 'I' ? '\x7e' : '\x7f';
  return "\x60" + sized(types) + (result ? Bytes("\x01\x7f", 2) : Bytes(1, '\0'));
}

Bytes import_of(std::string_view module, std::string_view name, size_t type) {
  return sized(Bytes(module)) + sized(Bytes(name)) + Bytes(1, '\0') + static_cast<char>(type);
}

Bytes header() { return Bytes("\0asm\1\0\0\0", 8); }

// Imports every function of `module` with the signatures above.
Bytes importing_all(std::string_view module) {
  std::vector<Bytes> types, imports;
  for (const Signature& s : kSignatures) {
    if (module == "wasi_unstable" && std::string_view(s.name) == "sock_accept") continue;
    types.push_back(func_type(s.params, std::string_view(s.name) != "proc_exit"));
    imports.push_back(import_of(module, s.name, imports.size()));
  }
  return header() + section(1, vector_of(types)) + section(2, vector_of(imports));
}

// A module with a memory and one function, exported as `name`, that calls proc_exit(code) when `code` is not negative.
Bytes exiting(std::string_view name, int code, char memory_flags = 0) {
  const Bytes types = vector_of({func_type("i", false), func_type("", false)});
  const Bytes imports = vector_of({import_of("wasi_snapshot_preview1", "proc_exit", 0)});
  const Bytes exports = vector_of({sized(Bytes(name)) + Bytes("\0\1", 2), sized("memory") + Bytes("\2\0", 2)});
  Bytes body(1, '\0');
  if (code >= 0) body += Bytes("\x41") + static_cast<char>(code) + Bytes("\x10\0", 2);
  body += '\x0b';
  return header() + section(1, types) + section(2, imports) + section(3, vector_of({Bytes(1, '\1')})) +
         section(5, vector_of({Bytes(1, memory_flags) + Bytes(1, 1)})) + section(7, exports) + section(10, vector_of({sized(body)}));
}

struct Fixture {
  template <class T>
  static T take(Result<T> result) {
    if (!result.ok()) FAIL(result.error().to_string());
    return std::move(result).value();
  }
  Module compile(const Bytes& bytes) {
    return take(Module::compile(engine, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}));
  }

  Engine engine = take(Engine::create());
  WasiContext wasi = take(WasiContext::create({}));
  Store store = take(Store::create(engine));
};

}  // namespace

TEST_CASE("all 46 functions link with the signatures of the interface") {
  Fixture f;
  const Module module = f.compile(importing_all("wasi_snapshot_preview1"));
  CHECK(wasi_is_wanted(module));
  Linker linker;
  REQUIRE(add_wasi(linker, f.wasi).ok());
  auto instance = linker.instantiate(f.store, module);
  CHECK_MESSAGE(instance.ok(), (instance.ok() ? "" : instance.error().to_string()));
}

TEST_CASE("the forerunner links too, but for what it did not have") {
  Fixture f;
  Linker linker;
  const Module module = f.compile(importing_all("wasi_unstable"));
  CHECK(wasi_is_wanted(module));
  REQUIRE(add_wasi(linker, f.wasi, module).ok());
  auto instance = linker.instantiate(f.store, module);
  CHECK_MESSAGE(instance.ok(), (instance.ok() ? "" : instance.error().to_string()));
  REQUIRE(add_wasi(linker, f.wasi).ok());
  CHECK(linker.has("wasi_snapshot_preview1", "sock_accept"));
  CHECK_FALSE(linker.has("wasi_unstable", "sock_accept"));
}

TEST_CASE("only what a module imports is defined for it") {
  Fixture f;
  Linker linker;
  REQUIRE(add_wasi(linker, f.wasi, f.compile(exiting("_start", 0))).ok());
  CHECK(linker.has("wasi_snapshot_preview1", "proc_exit"));
  CHECK_FALSE(linker.has("wasi_snapshot_preview1", "fd_write"));
}

TEST_CASE("a memory with 64-bit addresses is refused, since WASI's pointers have 32") {
  Fixture f;
  Linker linker;
  const auto added = add_wasi(linker, f.wasi, f.compile(exiting("_start", 0, 4)));
  REQUIRE_FALSE(added.ok());
  CHECK(added.error().kind() == ErrorKind::link);
  CHECK_FALSE(linker.has("wasi_snapshot_preview1", "proc_exit"));
}

TEST_CASE("commands and reactors are told by their exports") {
  Fixture f;
  CHECK(wasi_is_command(f.compile(exiting("_start", 0))));
  CHECK_FALSE(wasi_is_reactor(f.compile(exiting("_start", 0))));
  CHECK(wasi_is_reactor(f.compile(exiting("_initialize", 0))));
  CHECK_FALSE(wasi_is_command(f.compile(exiting("start", 0))));
  CHECK_FALSE(wasi_is_wanted(f.compile(header())));
}

TEST_CASE("a program that returns ends with 0, one that exits with its code") {
  for (const int code : {-1, 0, 42}) {
    CAPTURE(code);
    Fixture f;
    Linker linker;
    const auto ended = run_wasi_command(f.store, f.compile(exiting("_start", code)), linker, f.wasi);
    REQUIRE_MESSAGE(ended.ok(), (ended.ok() ? "" : ended.error().to_string()));
    CHECK(*ended == (code < 0 ? 0 : code));
  }
}

TEST_CASE("what is no program is not run") {
  Fixture f;
  Linker linker;
  const auto ended = run_wasi_command(f.store, f.compile(exiting("run", 0)), linker, f.wasi);
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.error().kind() == ErrorKind::misuse);
}

TEST_CASE("a reactor is initialised, and may only end well while it is") {
  for (const int code : {-1, 0, 7}) {
    CAPTURE(code);
    Fixture f;
    Linker linker;
    const Module module = f.compile(exiting("_initialize", code));
    REQUIRE(add_wasi(linker, f.wasi, module).ok());
    auto instance = linker.instantiate(f.store, module);
    REQUIRE(instance.ok());
    const auto initialized = initialize_reactor(f.store, *instance);
    CHECK(initialized.ok() == (code <= 0));
    if (!initialized.ok()) CHECK(initialized.error().exit_code() == 7);
  }
  Fixture f;
  Linker linker;
  auto plain = linker.instantiate(f.store, f.compile(header()));
  REQUIRE(plain.ok());
  CHECK(initialize_reactor(f.store, *plain).ok());
}

TEST_CASE("a directory that is not there is an error, or told and left out") {
  const auto config_with = [](const char* path) {
    WasiConfig config;
    config.directories = {{path, "/data", false}, {"/", "/", false}};
    return config;
  };
  auto strict = WasiContext::create(config_with("/nonexistent"));
  REQUIRE(!strict.ok());
  CHECK(strict.error().message() == "directory '/nonexistent' for the guest's '/data': cannot be opened: No such file or directory");
  for (const char* path : {"/nonexistent", "/dev/null"}) {
    std::vector<std::string> missing;
    WasiConfig config = config_with(path);
    config.missing_directory = [&missing](const WasiDirectory& d) { missing.push_back(d.host_path + " " + d.guest_path); };
    REQUIRE(WasiContext::create(config).ok());
    CHECK(missing == std::vector<std::string>{std::string(path) + " /data"});
    // What is wrong with the configuration stays wrong.
    config.directories[1].guest_path = "/data";
    CHECK(!WasiContext::create(config).ok());
  }
}

}  // namespace wplug
