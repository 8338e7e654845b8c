// Commands for plugins: one program, no shell, an environment and descriptors of our making, and nothing of it left behind.
//
// The program is the leader of a session of its own. Whoever belongs to its process group is killed when the program has
// ended or its time is up; that is done before the program's process number is given back, so the group is certainly its
// own. Reading stops then too: a descendant that has left the group may live on, but holds no call.
//
// Its input is a sealed file in memory, so there is nothing to write while it runs and no broken pipe.
#include "wplug/commands.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/command_environment.h"
#include "host/files.h"
#include "host/json_text.h"

namespace wplug {
namespace {

using Clock = std::chrono::steady_clock;

// What a program may write beyond what is kept before its output is closed.
constexpr uint64_t kMostDrained = uint64_t{64} << 20;
// How often to look for the program's end where the system cannot tell.
constexpr int kTickMilliseconds = 10;

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

// --- Descriptors -------------------------------------------------------------------------------------------------------

// The same file at a number above the standard streams, so that setting those up does not overwrite it.
OwnedFd above_streams(OwnedFd fd) {
  if (fd.get() < 0 || fd.get() > STDERR_FILENO) return fd;
  return OwnedFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

struct Pipe {
  OwnedFd read_end, write_end;
  bool open() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return false;
    read_end = above_streams(OwnedFd(fds[0]));
    write_end = above_streams(OwnedFd(fds[1]));
    return read_end.get() >= 0 && write_end.get() >= 0 && ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK) == 0;
  }
};

// A file at its start with `text`, that nobody can change any more.
OwnedFd input_of(std::string_view text) {
  if (text.empty()) return above_streams(OwnedFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  OwnedFd file = above_streams(OwnedFd(::memfd_create("input", MFD_CLOEXEC | MFD_ALLOW_SEALING)));
  while (file.get() >= 0 && !text.empty()) {
    const ssize_t wrote = ::write(file.get(), text.data(), text.size());
    if (wrote < 0 && errno != EINTR) return OwnedFd();
    if (wrote > 0) text.remove_prefix(static_cast<size_t>(wrote));
  }
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (file.get() < 0 || ::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return OwnedFd();
  return ::lseek(file.get(), 0, SEEK_SET) == 0 ? std::move(file) : OwnedFd();
}

// --- The program -------------------------------------------------------------------------------------------------------

// 0: it can be run; errno.
int program_problem(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return errno;
  if (!S_ISREG(status.st_mode)) return EACCES;
  return ::access(path.c_str(), X_OK) == 0 ? 0 : errno;
}

// The program's path; `error` is errno when it cannot be run.
std::string find_program(const std::string& command, int& error) {
  if (command.front() == '/') {
    error = program_problem(command);
    return command;
  }
  error = ENOENT;
  std::string_view folders = kCommandPath;
  while (!folders.empty()) {
    const size_t colon = std::min(folders.find(':'), folders.size());
    const std::string path = std::string(folders.substr(0, colon)) + "/" + command;
    folders.remove_prefix(std::min(colon + 1, folders.size()));
    const int problem = program_problem(path);
    if (problem == 0) error = 0;
    if (problem == 0) return path;
    if (problem == EACCES) error = EACCES;
  }
  return command;
}

// What posix_spawn wants: arrays that end with null.
struct TextList {
  std::vector<std::string> texts;
  std::vector<char*> pointers;
  char** data() {
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers.data();
  }
};

struct SpawnPlan {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = 0;

  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    check(::posix_spawnattr_setsigdefault(&attributes, &all));
    check(::posix_spawnattr_setsigmask(&attributes, &none));
    check(::posix_spawnattr_setflags(&attributes,
                                     POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void check(int result) {
    if (error == 0) error = result;
  }
  void use(int input, int out, int err, const std::string& directory) {
    check(::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO));
    check(::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO));
    check(::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO));
    check(::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1));
    check(::posix_spawn_file_actions_addchdir_np(&actions, directory.c_str()));
  }
};

// A program that runs. Its process number stays its own until `reap`.
class Process {
 public:
  explicit Process(pid_t pid) : pid_(pid) {
    const rlimit no_core{0, 0};
    ::prlimit(pid_, RLIMIT_CORE, &no_core, nullptr);
    watch_ = OwnedFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  }
  ~Process() {
    if (pid_ > 0) reap();
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Readable when it has ended; -1 where the system has no such thing.
  int watch() const { return watch_.get(); }
  bool has_ended() const {
    siginfo_t info{};
    // A host that ignores SIGCHLD is not told; the number is free then.
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0) return errno == ECHILD;
    return info.si_pid == pid_;
  }
  // Kills its group and gives its exit code.
  int reap() {
    // Its session's leader and so its group's: no other group has that number while it has not been waited for.
    ::kill(-pid_, SIGKILL);
    int status = 0;
    pid_t ended;
    do {
      ended = ::waitpid(pid_, &status, 0);
    } while (ended < 0 && errno == EINTR);
    pid_ = -1;
    if (ended < 0) return -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  pid_t pid_;
  OwnedFd watch_;
};

// --- Output ------------------------------------------------------------------------------------------------------------

// One stream of the program: keeps the first bytes, throws away some more, then closes.
class Output {
 public:
  Output(OwnedFd fd, std::string& text, uint64_t most) : fd_(std::move(fd)), text_(text), most_(most) {}

  int fd() const { return fd_.get(); }
  bool truncated() const { return dropped_ > 0; }
  // Takes what is there, and returns when there is nothing more for now.
  void drain() {
    std::array<char, 16384> buffer;
    // In rounds, so that a program that writes without end does not keep the deadline from being looked at.
    for (int round = 0; round < 64 && fd_.get() >= 0; ++round) {
      const ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) {
        fd_ = OwnedFd();
        return;
      }
      take({buffer.data(), static_cast<size_t>(got)});
    }
  }

 private:
  void take(std::string_view bytes) {
    const size_t room = static_cast<size_t>(std::min<uint64_t>(most_ - text_.size(), bytes.size()));
    text_.append(bytes.substr(0, room));
    dropped_ += bytes.size() - room;
    if (dropped_ > kMostDrained) fd_ = OwnedFd();
  }

  OwnedFd fd_;
  std::string& text_;
  uint64_t most_;
  uint64_t dropped_ = 0;
};

// Milliseconds from now, rounded up; -1: for ever.
int milliseconds_until(Clock::time_point deadline) {
  if (deadline == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

// Reads until the program has ended or the deadline has passed; whether it has ended.
bool wait_for_end(const Process& process, Output& out, Output& err, Clock::time_point deadline) {
  for (;;) {
    std::array<pollfd, 3> wait{pollfd{out.fd(), POLLIN, 0}, pollfd{err.fd(), POLLIN, 0},
                               pollfd{process.watch(), POLLIN, 0}};
    int timeout = milliseconds_until(deadline);
    if (process.watch() < 0) timeout = timeout < 0 ? kTickMilliseconds : std::min(timeout, kTickMilliseconds);
    ::poll(wait.data(), wait.size(), timeout);
    const bool ended = process.has_ended();
    out.drain();
    err.drain();
    if (ended) return true;
    if (Clock::now() >= deadline) return false;
  }
}

// --- Requests ----------------------------------------------------------------------------------------------------------

CommandReply reply_of(CommandOutcome outcome, std::string message) {
  CommandReply reply;
  reply.outcome = outcome;
  reply.message = std::move(message);
  return reply;
}

// What can be told of the request alone; empty: nothing is wrong.
std::string request_problem(const CommandRequest& request) {
  if (request.command.empty()) return "there is no command";
  const std::string name = json_string(std::string_view(request.command).substr(0, 200));
  if (has_nul(request.command)) return name + " has a NUL in its name";
  if (request.command.front() != '/' && request.command.find('/') != std::string::npos) {
    return name + " must be a name or an absolute path";
  }
  if (std::any_of(request.arguments.begin(), request.arguments.end(), has_nul)) return name + ": an argument has a NUL";
  if (has_nul(request.directory) || (!request.directory.empty() && request.directory.front() != '/')) {
    return name + ": the directory must be an absolute path";
  }
  if (const auto problem = environment_problem(request.environment)) return name + ": " + *problem;
  return "";
}

bool is_directory(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

class RealCommandRunner : public CommandRunner {
 public:
  CommandReply run(const CommandRequest& request) override {
    if (std::string problem = request_problem(request); !problem.empty()) {
      return reply_of(CommandOutcome::invalid, std::move(problem));
    }
    if (request.policy == nullptr) return reply_of(CommandOutcome::denied, "nobody said what is granted");
    Decision decision = authorize(*request.policy, {CapabilityKind::exec, request.command, 0, request.arguments});
    if (!decision.allowed) return reply_of(CommandOutcome::denied, std::move(decision.reason));

    int error = 0;
    const std::string program = find_program(request.command, error);
    const std::string name = json_string(request.command);
    if (error != 0) {
      const bool missing = error == ENOENT || error == ENOTDIR;
      return reply_of(missing ? CommandOutcome::not_found : CommandOutcome::failed, name + ": " + std::strerror(error));
    }
    const std::string directory = request.directory.empty() ? "/" : request.directory;
    if (!is_directory(directory)) {
      return reply_of(CommandOutcome::invalid, name + ": there is no directory " + json_string(directory));
    }
    if (Clock::now() >= request.deadline) return reply_of(CommandOutcome::timed_out, name + ": there is no time left");
    return run_program(request, program, directory);
  }

 private:
  static CommandReply run_program(const CommandRequest& request, const std::string& program,
                                  const std::string& directory) {
    const auto begin = Clock::now();
    const std::string name = json_string(request.command);
    Pipe out, err;
    const OwnedFd input = input_of(request.input);
    if (input.get() < 0 || !out.open() || !err.open()) {
      return reply_of(CommandOutcome::failed, name + ": " + std::strerror(errno));
    }
    pid_t pid = -1;
    if (const int error = spawn(request, program, directory, input.get(), out.write_end.get(), err.write_end.get(), pid)) {
      return reply_of(CommandOutcome::failed, name + ": could not be started: " + std::strerror(error));
    }
    Process process(pid);
    out.write_end = OwnedFd();
    err.write_end = OwnedFd();
    CommandReply reply;
    Output out_stream(std::move(out.read_end), reply.out, request.max_output);
    Output err_stream(std::move(err.read_end), reply.err, request.max_output);
    const bool ended = wait_for_end(process, out_stream, err_stream, request.deadline);
    reply.outcome = ended ? CommandOutcome::ok : CommandOutcome::timed_out;
    if (!ended) reply.message = name + ": took too long and was killed";
    reply.exit_code = process.reap();
    reply.truncated = out_stream.truncated() || err_stream.truncated();
    reply.duration = Clock::now() - begin;
    return reply;
  }

  static int spawn(const CommandRequest& request, const std::string& program, const std::string& directory, int input,
                   int out, int err, pid_t& pid) {
    SpawnPlan plan;
    plan.use(input, out, err, directory);
    if (plan.error != 0) return plan.error;
    TextList arguments{{request.command}, {}}, environment{{"PATH=" + std::string(kCommandPath)}, {}};
    arguments.texts.insert(arguments.texts.end(), request.arguments.begin(), request.arguments.end());
    for (const auto& [key, value] : request.environment) environment.texts.push_back(key + "=" + value);
    return ::posix_spawn(&pid, program.c_str(), &plan.actions, &plan.attributes, arguments.data(), environment.data());
  }
};

}  // namespace

std::unique_ptr<CommandRunner> make_command_runner() { return std::make_unique<RealCommandRunner>(); }

}  // namespace wplug
