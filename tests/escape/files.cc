// Files read and written by host functions.
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/escape/attempt.h"
#include "wplug/files.h"

namespace wplug::escape {
namespace {

std::string word_of(const FileReply& reply) {
  // What a plugin gets to see: the data, or the message.
  if (reply.data.find(kSecret) != std::string::npos || reply.message.find(kSecret) != std::string::npos) {
    return std::string(kSecret);
  }
  constexpr const char* kWords[] = {"ok", "denied", "not found", "too large", "failed", "invalid"};
  return kWords[static_cast<size_t>(reply.outcome)];
}

std::string read(const World& world, const std::string& path, uint64_t most = 1 << 20) {
  return word_of(make_file_access()->read(world.policy, path, most));
}
std::string write(const World& world, const std::string& path) {
  return word_of(make_file_access()->write(world.policy, path, "overwritten"));
}

using Prepare = std::function<void(World&)>;

Attempt reads(std::string id, std::string what, std::string expected, std::string name, Prepare prepare = {}) {
  return {std::move(id), std::move(what), std::move(expected), [=](World& world) {
            if (prepare) prepare(world);
            return read(world, name.starts_with('/') ? name : world.path(name));
          }};
}
Attempt writes(std::string id, std::string what, std::string expected, std::string name, Prepare prepare = {}) {
  return {std::move(id), std::move(what), std::move(expected), [=](World& world) {
            if (prepare) prepare(world);
            return write(world, name.starts_with('/') ? name : world.path(name));
          }};
}

Prepare link(std::string text, std::string name) {
  return [=](World& world) { world.root.link(text.starts_with('>') ? world.path(text.substr(1)) : text, name); };
}

void make_socket(World& world) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  world.path("in/socket").copy(address.sun_path, sizeof address.sun_path - 1);
  const int bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::close(fd);
  if (bound != 0) throw std::runtime_error("a test could not make a socket");
}

}  // namespace

Family file_attempts() {
  Family family{"Files", "`FileAccess`, which host functions read and write files with", {}, {}};
  family.attempts = {
      reads("F01", "read a file beside the granted folder", "denied", "out/secret"),
      reads("F02", "read it by way of `..`", "denied", "in/../out/secret"),
      reads("F03", "read through a link to it", "denied", "in/l", link(">out/secret", "in/l")),
      reads("F04", "read through a relative link", "denied", "in/l", link("../out/secret", "in/l")),
      reads("F05", "read through a link to its folder", "denied", "in/l/secret", link(">out", "in/l")),
      reads("F06", "read through a chain of links", "denied", "in/a",
            [](World& world) {
              world.root.link("b", "in/a");
              world.root.link("c/secret", "in/b");
              world.root.link("../out", "in/c");
            }),
      reads("F07", "read through a link that goes down and up", "denied", "in/l",
            [](World& world) {
              world.root.folder("in/d");
              world.root.link("d/../../out/secret", "in/l");
            }),
      reads("F08", "read through a link to the root folder", "denied", "in/l/etc/passwd", link("/", "in/l")),
      reads("F09", "read a link that leads to itself", "failed", "in/l", link("l", "in/l")),
      reads("F10", "learn by a link whether a file is there, when it is not", "denied", "in/l", link(">out/nothing", "in/l")),
      reads("F11", "learn by a link whether a folder is there, when it is not", "denied", "in/l/x", link(">nothing", "in/l")),
      reads("F12", "learn whether a file is there without a link", "denied", "out/nothing"),
      reads("F13", "read a hard link to a file outside", "denied", "in/h",
            [](World& world) { world.root.hard_link("out/secret", "in/h"); }),
      reads("F14", "read the root folder of a process", "denied", "/proc/self/root/etc/passwd"),
      {"F15", "read a file that the host has open", "denied",
       [](World& world) {
         world.grant("fs:read:/proc/**");
         const int fd = ::open(world.path("out/secret").c_str(), O_RDONLY | O_CLOEXEC);
         const std::string got = read(world, "/proc/self/fd/" + std::to_string(fd));
         ::close(fd);
         return got;
       }},
      reads("F16", "read the host's environment although all files are granted", "denied", "/proc/self/environ",
            [](World& world) { world.grant("fs:read:/**"); }),
      reads("F17", "read the host's memory although all files are granted", "denied", "/proc/self/mem",
            [](World& world) { world.grant("fs:read:/**"); }),
      reads("F18", "read a device that never ends", "denied", "/dev/zero", [](World& world) { world.grant("fs:read:/dev/*"); }),
      reads("F19", "wait for ever at a pipe", "denied", "in/p", [](World& world) { world.root.pipe("in/p"); }),
      reads("F20", "read a socket", "denied", "in/socket", make_socket),
      reads("F21", "read a folder", "failed", "in/d", [](World& world) { world.root.folder("in/d"); }),
      {"F22", "read more than fits", "too large",
       [](World& world) {
         world.root.write("in/large", std::string(1001, 'x'));
         return read(world, world.path("in/large"), 1000);
       }},
      {"F23", "read a file whose size is told as 0 and is not", "too large",
       [](World& world) {
         world.grant("fs:read:/proc/version");
         return read(world, "/proc/version", 1);
       }},
      {"F24", "read with a NUL in the path", "invalid",
       [](World& world) { return read(world, world.path("in/file") + std::string("\0/../../out/secret", 18)); }},
      {"F25", "read a path of a megabyte", "invalid", [](World& world) { return read(world, "/" + std::string(1 << 20, 'a')); }},
      {"F26", "read a relative path", "invalid", [](World& world) { return read(world, "in/file"); }},
      writes("F27", "write a file beside the granted folder", "denied", "out/secret"),
      writes("F28", "make a file beside it", "denied", "out/new"),
      writes("F29", "write it by way of `..`", "denied", "in/../out/secret"),
      writes("F30", "write through a link to it", "denied", "in/l", link(">out/secret", "in/l")),
      writes("F31", "make a file through a link that leads nowhere", "denied", "in/l", link(">out/new", "in/l")),
      writes("F32", "make a file through a link to its folder", "denied", "in/l/new", link(">out", "in/l")),
      {"F33", "write the file outside through a hard link to it", "ok: another file",
       [](World& world) {
         world.root.hard_link("out/secret", "in/h");
         return write(world, world.path("in/h")) + ": " +
                (world.root.read("out/secret") == kSecret ? "another file" : "the same file");
       }},
      writes("F34", "replace a pipe", "denied", "in/p", [](World& world) { world.root.pipe("in/p"); }),
      writes("F35", "write to a device", "denied", "/dev/null", [](World& world) { world.grant("fs:write:/dev/*"); }),
      writes("F36", "write to a process of the host", "denied", "/proc/self/oom_score_adj"),
      writes("F37", "make folders on the way", "not found", "in/a/b/c"),
      writes("F38", "replace the granted folder itself", "denied", "in"),
      {"F39", "write what may only be read", "denied",
       [](World& world) {
         world.root.write("in/x", "");
         Policy reader;
         if (!reader.granted.add("fs:read:" + world.path("in/**")).ok()) return std::string("no capability");
         return word_of(make_file_access()->write(reader, world.path("in/x"), "overwritten"));
       }},
      {"F40", "read what may only be written", "denied",
       [](World& world) {
         Policy writer;
         if (!writer.granted.add("fs:write:" + world.path("in/**")).ok()) return std::string("no capability");
         return word_of(make_file_access()->read(writer, world.path("in/file"), 100));
       }},
  };
  family.controls = {
      reads("F01-control", "read a granted file", "ok", "in/file"),
      reads("F02-control", "read through a link within", "ok", "in/l", link("file", "in/l")),
      writes("F03-control", "write a granted file", "ok", "in/file"),
      writes("F04-control", "make a granted file", "ok", "in/new"),
      reads("F05-control", "read a hard link that is named", "ok", "in/h",
            [](World& world) {
              world.root.hard_link("in/file", "in/h");
              world.grant("fs:read:" + world.path("in/h"));
            }),
  };
  return family;
}

}  // namespace wplug::escape
