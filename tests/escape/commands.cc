// Programs run by host functions.
#include <csignal>

#include "tests/escape/attempt.h"
#include "wplug/commands.h"

namespace wplug::escape {
namespace {

using Words = std::vector<std::string>;
using Variables = std::vector<std::pair<std::string, std::string>>;

std::string word_of(const CommandReply& reply) {
  for (const std::string* text : {&reply.out, &reply.err, &reply.message}) {
    if (text->find(kSecret) != std::string::npos) return std::string(kSecret);
  }
  constexpr const char* kWords[] = {"ok", "denied", "not found", "failed", "timed out", "invalid"};
  return kWords[static_cast<size_t>(reply.outcome)];
}

CommandReply reply_to(World& world, const Words& grants, const Words& words, CommandRequest request = {}) {
  for (const std::string& grant : grants) world.grant(grant);
  request.command = words.front();
  request.arguments.assign(words.begin() + 1, words.end());
  request.policy = &world.policy;
  return make_command_runner()->run(request);
}

Attempt runs(std::string id, std::string what, std::string expected, Words grants, Words words) {
  return {std::move(id), std::move(what), std::move(expected), [=](World& world) {
            return word_of(reply_to(world, grants, words));
          }};
}

Attempt gives(std::string id, std::string name, std::string value = "x", std::string expected = "invalid") {
  return {std::move(id), "give a command the variable `" + name + "`", std::move(expected), [=](World& world) {
            CommandRequest request;
            request.environment = {{name, value}};
            return word_of(reply_to(world, {"exec:true"}, {"true"}, std::move(request)));
          }};
}

// "nothing", or what a granted script printed.
Attempt scripted(std::string id, std::string what, std::string expected, std::string script) {
  return {std::move(id), std::move(what), std::move(expected), [=](World& world) {
            CommandRequest request;
            request.directory = world.path("in");
            const CommandReply reply = reply_to(world, {"exec:sh"}, {"sh", "-c", script}, std::move(request));
            return reply.out.empty() ? "nothing" : reply.out.substr(0, reply.out.find_last_not_of('\n') + 1);
          }};
}

}  // namespace

Family command_attempts() {
  Family family{"Commands", "`CommandRunner`, which host functions run programs with", {}, {}};
  family.attempts = {
      runs("C01", "run what is not granted", "denied", {}, {"true"}),
      runs("C02", "learn whether a program is there", "denied", {}, {"no-such-program"}),
      runs("C03", "run a granted name by its path", "denied", {"exec:true"}, {"/bin/true"}),
      runs("C04", "run another file by a path with `..`", "denied", {"exec:/bin/true"}, {"/bin/../bin/true"}),
      runs("C05", "run a file of the folder it stands in", "invalid", {"exec:true"}, {"./true"}),
      runs("C06", "run by a relative path", "invalid", {"exec:true"}, {"bin/true"}),
      runs("C07", "run nothing", "invalid", {"exec:true"}, {""}),
      runs("C08", "end the command's name early with a NUL", "invalid", {"exec:true"}, {std::string("true\0x", 6)}),
      runs("C09", "end an argument early with a NUL", "invalid", {"exec:true **"}, {"true", std::string("a\0b", 3)}),
      runs("C10", "put a shell's syntax into the name", "denied", {"exec:true"}, {"true; id"}),
      {"C11", "put a shell's syntax into an argument", "the text itself",
       [](World& world) {
         const CommandReply reply = reply_to(world, {"exec:echo"}, {"echo", "$(id); `id` | cat > out"});
         return reply.out == "$(id); `id` | cat > out\n" ? "the text itself" : reply.out;
       }},
      runs("C12", "run a folder", "failed", {"exec:/usr"}, {"/usr"}),
      runs("C13", "run a file that is no program", "failed", {"exec:/etc/passwd"}, {"/etc/passwd"}),
      runs("C14", "run with arguments that are not granted", "denied", {"exec:cat /etc/hostname"}, {"cat", "/etc/passwd"}),
      {"C15", "find a program of its own by its name", "not found",
       [](World& world) {
         world.root.write("in/own-program", "#!/bin/sh\necho own\n");
         ::chmod(world.path("in/own-program").c_str(), 0755);
         CommandRequest request;
         request.directory = world.path("in");
         return word_of(reply_to(world, {"exec:own-program"}, {"own-program"}, std::move(request)));
       }},
      gives("C16", "PATH"),
      gives("C17", "LD_PRELOAD"),
      gives("C18", "LD_LIBRARY_PATH"),
      gives("C19", "BASH_ENV"),
      gives("C20", "ENV"),
      gives("C21", "IFS"),
      gives("C22", "PYTHONPATH"),
      gives("C23", "GIT_SSH_COMMAND"),
      gives("C24", "GLIBC_TUNABLES"),
      gives("C25", "BASH_FUNC_true%%"),
      {"C26", "give a command a variable that old shells run", "invalid",
       [](World& world) {
         CommandRequest request;
         request.environment = {{"A", "() { :; }; id"}};
         return word_of(reply_to(world, {"exec:true"}, {"true"}, std::move(request)));
       }},
      {"C27", "smuggle a second variable in a name", "invalid",
       [](World& world) {
         CommandRequest request;
         request.environment = {{"A=1\nPATH", "x"}};
         return word_of(reply_to(world, {"exec:true"}, {"true"}, std::move(request)));
       }},
      {"C28", "see the host's variables", "ok",
       [](World& world) {
         ::setenv("ESCAPE_SECRET", std::string(kSecret).c_str(), 1);
         const CommandReply reply = reply_to(world, {"exec:env"}, {"env"});
         ::unsetenv("ESCAPE_SECRET");
         return word_of(reply);
       }},
      {"C29", "use what the host has open", "0, 1, 2",
       [](World& world) {
         const int fd = ::open(world.path("out/secret").c_str(), O_RDONLY);
         const CommandReply reply = reply_to(world, {"exec:sh"}, {"sh", "-c", "ls -m /proc/$$/fd; true"});
         ::close(fd);
         return reply.out.substr(0, reply.out.find('\n'));
       }},
      {"C30", "outlive its time", "timed out",
       [](World& world) {
         CommandRequest request;
         request.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
         return word_of(reply_to(world, {"exec:sleep"}, {"sleep", "3600"}, std::move(request)));
       }},
      {"C31", "outlive its time by ignoring signals", "timed out",
       [](World& world) {
         CommandRequest request;
         request.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
         return word_of(reply_to(world, {"exec:sh"}, {"sh", "-c", "trap '' TERM INT HUP; while :; do sleep 3600; done"},
                                 std::move(request)));
       }},
      scripted("C32", "hold the call by a child that keeps the output", "started", "sleep 3600 & echo started"),
      {"C33", "fill the host's memory with output", "1000 bytes",
       [](World& world) {
         CommandRequest request;
         request.max_output = 1000;
         return std::to_string(reply_to(world, {"exec:yes"}, {"yes"}, std::move(request)).out.size()) + " bytes";
       }},
      {"C34", "fill the host's memory with errors", "1000 bytes",
       [](World& world) {
         CommandRequest request;
         request.max_output = 1000;
         const CommandReply reply = reply_to(world, {"exec:sh"}, {"sh", "-c", "exec yes >&2"}, std::move(request));
         return std::to_string(reply.err.size()) + " bytes";
       }},
      scripted("C35", "change the input it was given", "nothing", "echo x >&0; echo x > /proc/self/fd/0"),
      {"C36", "start in a folder that is not there", "invalid",
       [](World& world) {
         CommandRequest request;
         request.directory = world.path("in/nothing");
         return word_of(reply_to(world, {"exec:true"}, {"true"}, std::move(request)));
       }},
      {"C37", "run without anybody having said what is granted", "denied",
       [](World&) {
         CommandRequest request;
         request.command = "true";
         return word_of(make_command_runner()->run(request));
       }},
      runs("C38", "run with arguments of ten megabytes", "failed", {"exec:true"}, {"true", std::string(10'000'000, 'x')}),
  };
  family.controls = {
      runs("C01-control", "run a granted command", "ok", {"exec:true"}, {"true"}),
      runs("C02-control", "run a granted path", "ok", {"exec:/bin/true"}, {"/bin/true"}),
      runs("C03-control", "run granted arguments", "ok", {"exec:echo a *"}, {"echo", "a", "b c"}),
      gives("C04-control", "GREETING", "hello", "ok"),
      scripted("C05-control", "print", "hello", "echo hello"),
  };
  return family;
}

}  // namespace wplug::escape
