// Directories that a grant opens for WASI. The functions are called as the engine would, with a guest memory and no guest.
#include <fcntl.h>

#include "abi/support/plugin_context.h"
#include "abi/wasi/functions.h"
#include "tests/escape/attempt.h"

namespace wplug::escape {
namespace {

using wasi::Errno;

constexpr wasi::u32 kRoot = 3;  // the first given directory

// A guest to which the world's policy opens its directories.
class Guest {
 public:
  explicit Guest(const Policy& policy) : context_(context_of(policy)), bytes_(1 << 16), call(*context_.impl(), GuestMemory(bytes_), nullptr) {}

  struct Text {
    wasi::u32 at, size;
  };
  Text put(std::string_view text) {
    const Text made{top_, static_cast<wasi::u32>(text.size())};
    top_ += made.size + 8;
    if (!call.memory.write_text(made.at, text)) throw std::runtime_error("a test's guest has too little memory");
    return made;
  }
  wasi::u32 room(wasi::u32 size) { return put(std::string(size, '\0')).at; }
  std::string text(wasi::u32 at, wasi::u32 size) { return std::string(call.memory.text(at, size).value_or("")); }

 private:
  static WasiContext context_of(const Policy& policy) {
    WasiConfig config;
    config.directories = granted_directories(policy);
    auto made = WasiContext::create(std::move(config));
    if (!made.ok()) throw std::runtime_error(made.error().message());
    return std::move(made).value();
  }
  WasiContext context_;
  std::vector<uint8_t> bytes_;
  wasi::u32 top_ = 64;

 public:
  wasi::Call call;
};

// "refused", or "ok" where the guest got what it wanted.
std::string word_of(const wasi::Status& status) {
  if (!status.ok()) return "trap";
  return *status == Errno::success ? "ok" : "refused";
}

// Opens a path and reads it.
std::string open_and_read(Guest& guest, std::string_view path, wasi::u32 oflags = 0, wasi::u32 directory = kRoot,
                          uint64_t rights = wasi::right::fd_read) {
  const Guest::Text name = guest.put(path);
  const wasi::u32 out = guest.room(4);
  const wasi::Status opened = wasi::path_open(guest.call, directory, wasi::kSymlinkFollow, name.at, name.size, oflags, rights,
                                              wasi::kAllRights, 0, out);
  if (word_of(opened) != "ok") return word_of(opened);
  const wasi::u32 fd = guest.call.memory.read<wasi::u32>(out).value_or(0);
  const wasi::u32 buffer = guest.room(100), list = guest.room(8), used = guest.room(4);
  (void)guest.call.memory.write<wasi::u32>(list, buffer);
  (void)guest.call.memory.write<wasi::u32>(list + 4, 100);
  const wasi::Status got = wasi::fd_read(guest.call, fd, list, 1, used);
  const std::string text = guest.text(buffer, guest.call.memory.read<wasi::u32>(used).value_or(0));
  return text.find(kSecret) != std::string::npos ? std::string(kSecret) : word_of(got);
}

using Prepare = std::function<void(World&)>;

Attempt reads(std::string id, std::string what, std::string path, Prepare prepare = {}, std::string expected = "refused") {
  return {std::move(id), std::move(what), std::move(expected), [=](World& world) {
            if (prepare) prepare(world);
            Guest guest(world.policy);
            return open_and_read(guest, path);
          }};
}

using Step = std::function<wasi::Status(Guest&, World&)>;

Attempt does(std::string id, std::string what, Step step, Prepare prepare = {}, std::string expected = "refused") {
  return {std::move(id), std::move(what), std::move(expected), [=](World& world) {
            if (prepare) prepare(world);
            Guest guest(world.policy);
            return word_of(step(guest, world));
          }};
}

// A change through a folder that is granted for reading only.
Attempt changes(std::string id, std::string what, Step step) {
  return {std::move(id), std::move(what), "refused", [=](World& world) {
            Policy reader;
            if (!reader.granted.add("fs:read:" + world.path("in/**")).ok()) return std::string("no capability");
            Guest guest(reader);
            return word_of(step(guest, world));
          }};
}

wasi::Status make(Guest& guest, std::string_view path) {
  const Guest::Text name = guest.put(path);
  return wasi::path_open(guest.call, kRoot, wasi::kSymlinkFollow, name.at, name.size, wasi::oflag::creat,
                         wasi::right::fd_write, wasi::kAllRights, 0, guest.room(4));
}
wasi::Status remove(Guest& guest, std::string_view path) {
  const Guest::Text name = guest.put(path);
  return wasi::path_unlink_file(guest.call, kRoot, name.at, name.size);
}
wasi::Status rename(Guest& guest, std::string_view from, std::string_view to) {
  const Guest::Text a = guest.put(from), b = guest.put(to);
  return wasi::path_rename(guest.call, kRoot, a.at, a.size, kRoot, b.at, b.size);
}
wasi::Status hard_link(Guest& guest, std::string_view from, std::string_view to, wasi::u32 flags = 0) {
  const Guest::Text a = guest.put(from), b = guest.put(to);
  return wasi::path_link(guest.call, kRoot, flags, a.at, a.size, kRoot, b.at, b.size);
}
wasi::Status make_folder(Guest& guest, std::string_view path) {
  const Guest::Text name = guest.put(path);
  return wasi::path_create_directory(guest.call, kRoot, name.at, name.size);
}
wasi::Status look_at(Guest& guest, std::string_view path) {
  const Guest::Text name = guest.put(path);
  return wasi::path_filestat_get(guest.call, kRoot, wasi::kSymlinkFollow, name.at, name.size, guest.room(64));
}

Prepare link(std::string text, std::string name) {
  return [=](World& world) { world.root.link(text.starts_with('>') ? world.path(text.substr(1)) : text, name); };
}

}  // namespace

Family wasi_attempts() {
  Family family{"WASI directories", "the WASI functions, with the directories that grants open", {}, {}};
  const Prepare up = link("..", "in/up");
  family.attempts = {
      reads("W01", "read with `..`", "../out/secret"),
      reads("W02", "read with `..` behind a folder", "d/../../out/secret", [](World& world) { world.root.folder("in/d"); }),
      reads("W03", "read an absolute path", "/etc/passwd"),
      reads("W04", "read through a link to the file", "l", link("../out/secret", "in/l")),
      reads("W05", "read through an absolute link", "l", link(">out/secret", "in/l")),
      reads("W06", "read through a link to the folder above", "up/out/secret", up),
      reads("W07", "read through a link to the root folder", "l/etc/passwd", link("/", "in/l")),
      reads("W08", "read through a magic link", "l/etc/passwd", link("/proc/self/root", "in/l")),
      reads("W09", "read a path with a NUL", std::string("file\0/../../out/secret", 21)),
      reads("W10", "read an empty path", ""),
      reads("W11", "follow a link that leads to itself", "l", link("l", "in/l")),
      {"W12", "use a directory that was not given", "refused",
       [](World& world) {
         Guest guest(world.policy);
         return open_and_read(guest, "file", 0, kRoot + 1);
       }},
      {"W13", "use standard input as a directory", "refused",
       [](World& world) {
         Guest guest(world.policy);
         return open_and_read(guest, "file", 0, 0);
       }},
      does("W14", "make a file outside", [](Guest& guest, World&) { return make(guest, "../out/new"); }),
      does("W15", "make a file through a link", [](Guest& guest, World&) { return make(guest, "up/out/new"); }, up),
      does("W16", "make a file through a link that leads nowhere", [](Guest& guest, World&) { return make(guest, "l"); },
           link("../out/new", "in/l")),
      does("W17", "remove a file outside", [](Guest& guest, World&) { return remove(guest, "../out/secret"); }),
      does("W18", "remove it through a link", [](Guest& guest, World&) { return remove(guest, "up/out/secret"); }, up),
      does("W19", "rename a file outside into the folder",
           [](Guest& guest, World&) { return rename(guest, "../out/secret", "stolen"); }),
      does("W20", "rename a file out of the folder", [](Guest& guest, World&) { return rename(guest, "file", "../out/new"); }),
      does("W21", "link a file outside into the folder",
           [](Guest& guest, World&) { return hard_link(guest, "../out/secret", "stolen"); }),
      does("W22", "link what a link leads to",
           [](Guest& guest, World&) { return hard_link(guest, "l", "stolen", wasi::kSymlinkFollow); },
           link("../out/secret", "in/l")),
      does("W23", "make a folder outside", [](Guest& guest, World&) { return make_folder(guest, "../out/new"); }),
      does("W24", "look at a file outside", [](Guest& guest, World&) { return look_at(guest, "../out/secret"); }),
      does("W25", "look at it through a link", [](Guest& guest, World&) { return look_at(guest, "up/out/secret"); }, up),
      does("W26", "make an absolute link",
           [](Guest& guest, World& world) {
             const Guest::Text text = guest.put(world.path("out/secret")), name = guest.put("l");
             return wasi::path_symlink(guest.call, text.at, text.size, kRoot, name.at, name.size);
           }),
      {"W27", "make a link that leads out, and read it", "refused",
       [](World& world) {
         Guest guest(world.policy);
         const Guest::Text text = guest.put("../out/secret"), name = guest.put("l");
         (void)wasi::path_symlink(guest.call, text.at, text.size, kRoot, name.at, name.size);
         return open_and_read(guest, "l");
       }},
      changes("W28", "make a file where only reading is granted", [](Guest& guest, World&) { return make(guest, "new"); }),
      changes("W29", "remove a file there", [](Guest& guest, World&) { return remove(guest, "file"); }),
      changes("W30", "rename a file there", [](Guest& guest, World&) { return rename(guest, "file", "other"); }),
      changes("W31", "make a folder there", [](Guest& guest, World&) { return make_folder(guest, "d"); }),
      changes("W32", "make a hard link there", [](Guest& guest, World&) { return hard_link(guest, "file", "other"); }),
      {"W33", "use a directory that is granted and not declared", "refused",
       [](World& world) {
         world.policy.declared.emplace();
         Guest guest(world.policy);
         return open_and_read(guest, "file");
       }},
      {"W34", "use a folder of which single files are granted", "refused",
       [](World& world) {
         Policy narrow;
         if (!narrow.granted.add("fs:read:" + world.path("in/*.txt")).ok()) return std::string("no capability");
         Guest guest(narrow);
         return open_and_read(guest, "file");
       }},
  };
  family.controls = {
      reads("W01-control", "read a granted file", "file", {}, "ok"),
      reads("W02-control", "read through a link within", "l", link("file", "in/l"), "ok"),
      does("W03-control", "make a file", [](Guest& guest, World&) { return make(guest, "new"); }, {}, "ok"),
      does("W04-control", "rename a file", [](Guest& guest, World&) { return rename(guest, "file", "other"); }, {}, "ok"),
      does("W05-control", "link a file", [](Guest& guest, World&) { return hard_link(guest, "file", "other"); }, {}, "ok"),
      does("W06-control", "look at a file", [](Guest& guest, World&) { return look_at(guest, "file"); }, {}, "ok"),
      does("W07-control", "remove a file", [](Guest& guest, World&) { return remove(guest, "file"); }, {}, "ok"),
      does("W08-control", "make a folder", [](Guest& guest, World&) { return make_folder(guest, "d"); }, {}, "ok"),
      {"W09-control", "use a directory that is granted and declared", "ok",
       [](World& world) {
         world.policy.declared.emplace();
         if (!world.policy.declared->add("fs:read:" + world.path("in/**")).ok()) return std::string("no capability");
         Guest guest(world.policy);
         return open_and_read(guest, "file");
       }},
  };
  return family;
}

}  // namespace wplug::escape
