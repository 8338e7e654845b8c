#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "host/command_environment.h"
#include "host/scratch_directory_test.h"
#include "wplug/commands.h"

namespace wplug {
namespace {

using Clock = std::chrono::steady_clock;

// Runs what is granted; without a deadline, so that a slow machine changes nothing.
CommandReply run(const std::vector<std::string>& words, const std::string& input = "", CommandRequest request = {}) {
  Policy policy;
  policy.plugin = "p";
  for (const char* grant : {"exec:sh", "exec:cat", "exec:env", "exec:yes", "exec:pwd", "exec:/bin/echo", "exec:nothing-of-that-name",
                            "exec:head", "exec:sleep", "exec:true", "exec:/etc", "exec:/etc/passwd"}) {
    REQUIRE(policy.granted.add(grant).ok());
  }
  request.command = words.front();
  request.arguments.assign(words.begin() + 1, words.end());
  request.input = input;
  request.policy = &policy;
  return make_command_runner()->run(request);
}

CommandReply shell(const std::string& script, CommandRequest request = {}) {
  return run({"sh", "-c", script}, "", std::move(request));
}

TEST_CASE("a command gives its output and its exit code") {
  const CommandReply echo = run({"/bin/echo", "a b", "$HOME", "*"});
  CHECK(echo.outcome == CommandOutcome::ok);
  CHECK(echo.exit_code == 0);
  CHECK(echo.out == "a b $HOME *\n");
  CHECK(echo.err.empty());
  CHECK(!echo.truncated);
  CHECK(echo.duration.count() > 0);
  const CommandReply fails = shell("echo no >&2; exit 7");
  CHECK(fails.outcome == CommandOutcome::ok);
  CHECK(fails.exit_code == 7);
  CHECK(fails.err == "no\n");
  CHECK(shell("kill -TERM $$").exit_code == 128 + SIGTERM);
}

TEST_CASE("a command reads its input to the end") {
  const std::string large(1'000'000, 'x');
  CHECK(run({"cat"}, large).out == large);
  CHECK(run({"cat"}).out.empty());
  // One that does not read it is not waited for, and breaks nothing.
  CHECK(run({"true"}, large).exit_code == 0);
}

TEST_CASE("what is not granted does not run") {
  Policy policy;
  policy.plugin = "p";
  CommandRequest request;
  request.command = "cat";
  CHECK(make_command_runner()->run(request).outcome == CommandOutcome::denied);
  request.policy = &policy;
  const CommandReply reply = make_command_runner()->run(request);
  CHECK(reply.outcome == CommandOutcome::denied);
  CHECK(reply.message == "plugin \"p\" may not exec:cat: grants.exec = [\"cat\"] would allow it");
  REQUIRE(policy.granted.add("exec:cat /etc/hostname").ok());
  request.arguments = {"/etc/passwd"};
  CHECK(make_command_runner()->run(request).outcome == CommandOutcome::denied);
  // What is not there is denied like anything else.
  request.command = "nothing-of-that-name";
  CHECK(make_command_runner()->run(request).outcome == CommandOutcome::denied);
}

TEST_CASE("what cannot be a request is invalid") {
  CHECK(run({""}).outcome == CommandOutcome::invalid);
  CHECK(run({"bin/echo"}).outcome == CommandOutcome::invalid);
  CHECK(run({"./echo"}).outcome == CommandOutcome::invalid);
  CHECK(run({"../bin/echo"}).outcome == CommandOutcome::invalid);
  CHECK(run({std::string("cat\0x", 5)}).outcome == CommandOutcome::invalid);
  CHECK(run({"cat", std::string("a\0b", 3)}).outcome == CommandOutcome::invalid);
  CommandRequest request;
  request.directory = "/nowhere/at/all";
  CHECK(run({"pwd"}, "", request).outcome == CommandOutcome::invalid);
  request.directory = "tmp";
  CHECK(run({"pwd"}, "", request).outcome == CommandOutcome::invalid);
}

TEST_CASE("what is no program is not found or fails") {
  CHECK(run({"nothing-of-that-name"}).outcome == CommandOutcome::not_found);
  CHECK(run({"/etc"}).outcome == CommandOutcome::failed);
  CHECK(run({"/etc/passwd"}).outcome == CommandOutcome::failed);
  CommandRequest request;
  request.arguments = {};
  CHECK(run({"true", std::string(10'000'000, 'x')}).outcome == CommandOutcome::failed);
}

TEST_CASE("a command starts in the directory it is given, / without one") {
  CHECK(run({"pwd"}).out == "/\n");
  CommandRequest request;
  request.directory = "/usr/bin";
  CHECK(shell("pwd", request).out == "/usr/bin\n");
}

TEST_CASE("a command has the variables it is given and a fixed path, and no others") {
  ::setenv("WPLUG_TEST_SECRET", "secret", 1);
  CommandRequest request;
  request.environment = {{"GREETING", "hello"}, {"EMPTY", ""}};
  const CommandReply reply = run({"env"}, "", request);
  ::unsetenv("WPLUG_TEST_SECRET");
  CHECK(reply.out == "PATH=" + std::string(kCommandPath) + "\nGREETING=hello\nEMPTY=\n");
}

TEST_CASE("variables that change which programs run are refused") {
  for (const char* name : {"PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "IFS", "BASH_ENV", "ENV", "SHELLOPTS", "PYTHONPATH",
                           "PERL5OPT", "RUBYOPT", "NODE_OPTIONS", "GIT_SSH_COMMAND", "GLIBC_TUNABLES", "GCONV_PATH", "PAGER",
                           "BASH_FUNC_ls%%", "", "A=B", "1A", "A B", "A\n"}) {
    CAPTURE(name);
    CommandRequest request;
    request.environment = {{name, "x"}};
    CHECK(run({"env"}, "", request).outcome == CommandOutcome::invalid);
  }
  CHECK(environment_problem({{"A", "() { :; }; echo x"}}).has_value());
  CHECK(environment_problem({{"A", std::string("a\0b", 3)}}).has_value());
  CHECK(environment_problem({{"A", "1"}, {"A", "2"}}).has_value());
  CHECK(!environment_problem({{"AWS_REGION", "eu"}, {"LANG", "C"}, {"_x1", "a=b"}}).has_value());
}

TEST_CASE("output is kept up to its limit and the rest thrown away") {
  CommandRequest request;
  request.max_output = 1000;
  const CommandReply reply = shell("head -c 300000 /dev/zero; echo end >&2; exit 3", request);
  CHECK(reply.outcome == CommandOutcome::ok);
  CHECK(reply.exit_code == 3);
  CHECK(reply.out.size() == 1000);
  CHECK(reply.err == "end\n");
  CHECK(reply.truncated);
  request.max_output = 4;
  CHECK(!shell("printf 1234", request).truncated);
  CHECK(shell("printf 12345", request).truncated);
}

TEST_CASE("a command that writes without end is ended by its closed output") {
  CommandRequest request;
  request.max_output = 10;
  const CommandReply reply = run({"yes"}, "", request);
  CHECK(reply.out == "y\ny\ny\ny\ny\n");
  CHECK(reply.truncated);
  CHECK(reply.exit_code == 128 + SIGPIPE);
}

TEST_CASE("a command is killed at its deadline with what it started") {
  ScratchDirectory folder;
  CommandRequest request;
  request.directory = folder.path();
  request.deadline = Clock::now() + std::chrono::milliseconds(300);
  // Both sleep for longer than any test may take.
  const CommandReply reply = shell("sleep 3600 & echo $! > pid; exec sleep 3600", request);
  CHECK(reply.outcome == CommandOutcome::timed_out);
  CHECK(reply.exit_code == 128 + SIGKILL);
  // On a machine so slow that the deadline came before the first sleep there is nothing to look for.
  const std::string pid = folder.read("pid");
  if (!pid.empty()) {
    // Killed; what is left of it waits for the system's first process at most.
    const std::string status = shell("cat /proc/" + std::to_string(std::stoi(pid)) + "/stat").out;
    CHECK((status.empty() || status.find(") Z ") != std::string::npos || status.find(") X ") != std::string::npos));
  }
  request.deadline = Clock::now() - std::chrono::seconds(1);
  CHECK(shell("echo x > late", request).outcome == CommandOutcome::timed_out);
  CHECK(!folder.has("late"));
}

TEST_CASE("what a command leaves running in its output's name does not hold the call") {
  const CommandReply reply = shell("sleep 3600 & echo started");
  CHECK(reply.outcome == CommandOutcome::ok);
  CHECK(reply.out == "started\n");
  // Not even one that left the session: it keeps the pipe and loses its reader.
  const CommandReply other = shell("setsid sleep 5 & echo started");
  CHECK(other.out == "started\n");
}

TEST_CASE("a command has no descriptors but its three") {
  const int kept = ::open("/etc/passwd", O_RDONLY);  // without O_CLOEXEC
  REQUIRE(kept >= 0);
  const CommandReply reply = shell("ls /proc/$$/fd; true");
  ::close(kept);
  CHECK(reply.out == "0\n1\n2\n");
}

TEST_CASE("a command begins with signals as the system has them") {
  struct sigaction ignore {}, before {};
  ignore.sa_handler = SIG_IGN;
  REQUIRE(::sigaction(SIGUSR1, &ignore, &before) == 0);
  const CommandReply reply = shell("kill -USR1 $$; echo survived");
  ::sigaction(SIGUSR1, &before, nullptr);
  CHECK(reply.exit_code == 128 + SIGUSR1);
  CHECK(reply.out.empty());
}

TEST_CASE("a command leads a session of its own") {
  const CommandReply reply = shell("cat /proc/$$/stat");
  // pid (name) state parent group session …
  const std::string fields = reply.out.substr(reply.out.rfind(')') + 2);
  const std::string pid = reply.out.substr(0, reply.out.find(' '));
  const size_t group = fields.find(' ', 2) + 1, session = fields.find(' ', group) + 1;
  CHECK(fields.substr(group, pid.size() + 1) == pid + " ");
  CHECK(fields.substr(session, pid.size() + 1) == pid + " ");
}

}  // namespace
}  // namespace wplug
