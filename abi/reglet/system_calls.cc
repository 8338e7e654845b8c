// Commands, files, variables and the log for the ABI `reglet`.
#include <optional>

#include "abi/reglet/calls.h"
#include "host/base64.h"
#include "host/json_text.h"

namespace wplug {
namespace {

using namespace reglet_problem;

RegletProblem problem_of(CommandOutcome outcome) {
  switch (outcome) {
    case CommandOutcome::denied:
      return kDenied;
    case CommandOutcome::not_found:
      return kNotFound;
    case CommandOutcome::timed_out:
      return kTimedOut;
    case CommandOutcome::invalid:
      return kInvalid;
    case CommandOutcome::ok:
    case CommandOutcome::failed:
      return kFailed;
  }
  return kFailed;
}

RegletProblem problem_of(FileOutcome outcome) {
  switch (outcome) {
    case FileOutcome::denied:
      return kDenied;
    case FileOutcome::not_found:
      return kNotFound;
    case FileOutcome::too_large:
      return {"validation", "too_large"};
    case FileOutcome::invalid:
      return kInvalid;
    case FileOutcome::ok:
    case FileOutcome::failed:
      return kFailed;
  }
  return kFailed;
}

// The texts of a list that may be left out; nullopt when something else is in it.
std::optional<std::vector<std::string>> texts_of(const Json& request, std::string_view key) {
  std::vector<std::string> texts;
  const Json* list = request.find(key);
  if (list == nullptr || list->is_null()) return texts;
  if (!list->is_array()) return std::nullopt;
  for (size_t i = 0; i < list->size(); ++i) {
    const auto text = list->at(i).string();
    if (!text) return std::nullopt;
    texts.emplace_back(*text);
  }
  return texts;
}

Json not_run() { return Json::object().set("stdout", "").set("stderr", "").set("exit_code", -1); }

// `env` of a request, NAME=VALUE each.
bool add_environment(CommandRequest& command, const std::vector<std::string>& variables) {
  for (const std::string& variable : variables) {
    const size_t equals = variable.find('=');
    if (equals == 0 || equals == std::string::npos) return false;
    command.environment.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return true;
}

Json run(RegletCall& call, CommandRequest command, CommandReply& reply) {
  command.command = call.request.string_of("command");
  if (command.command.empty()) return with_error(not_run(), kInvalid, "command is missing");
  auto arguments = texts_of(call.request, "args");
  if (!arguments) return with_error(not_run(), kInvalid, "args must be a list of texts");
  if (call.services().commands == nullptr) return without_service(not_run(), call, "commands");
  command.arguments = std::move(*arguments);
  command.policy = &call.policy();
  command.deadline = call.deadline;
  command.max_output = call.limits().response;
  reply = call.services().commands->run(command);
  Json answer = Json::object();
  answer.set("stdout", reply.out).set("stderr", reply.err).set("exit_code", reply.exit_code);
  if (reply.truncated) answer.set("truncated", true);
  if (reply.outcome == CommandOutcome::ok) return answer;
  return with_error(std::move(answer), problem_of(reply.outcome), reply.message);
}

// A value of a log line; in quotes where it would not be one word.
std::string word(std::string_view text) {
  const bool plain = !text.empty() && text.find_first_of(" \t\r\n\"=") == std::string_view::npos;
  return plain ? std::string(text) : json_string(text);
}

std::string text_of(const Json& value) {
  return value.string() ? std::string(*value.string()) : value.to_string();
}

}  // namespace

namespace reglet_calls {

Json exec_command(RegletCall& call) {
  CommandRequest command;
  command.directory = call.request.string_of("dir");
  const auto variables = texts_of(call.request, "env");
  if (!variables || !add_environment(command, *variables)) {
    return with_error(not_run(), kInvalid, "env must be a list of NAME=VALUE");
  }
  CommandReply reply;
  Json answer = run(call, std::move(command), reply);
  answer.set("duration_ms", std::chrono::duration_cast<std::chrono::milliseconds>(reply.duration).count());
  if (reply.outcome == CommandOutcome::timed_out) answer.set("is_timeout", true);
  return answer;
}

Json exec_run(RegletCall& call) {
  CommandReply reply;
  return run(call, {}, reply);
}

Json fs_read(RegletCall& call) {
  if (call.services().files == nullptr) return without_service(Json::object(), call, "files");
  const std::string_view path = call.request.string_of("path");
  const FileReply reply = call.services().files->read(call.policy(), path, call.limits().response);
  if (reply.outcome != FileOutcome::ok) {
    return with_error(Json::object(), problem_of(reply.outcome), reply.message);
  }
  return Json::object().set("data", base64_encode(reply.data));
}

Json fs_write(RegletCall& call) {
  const auto data = base64_decode(call.request.string_of("data"));
  if (!data) return with_error(Json::object(), kInvalid, "data must be base64");
  if (call.services().files == nullptr) return without_service(Json::object(), call, "files");
  const FileReply reply = call.services().files->write(call.policy(), call.request.string_of("path"), *data);
  if (reply.outcome == FileOutcome::ok) return Json::object();
  return with_error(Json::object(), problem_of(reply.outcome), reply.message);
}

Json env_get(RegletCall& call) {
  Json answer = Json::object();
  answer.set("value", "").set("found", false);
  const std::string_view name = call.request.string_of("name");
  if (name.empty()) return with_error(std::move(answer), kInvalid, "name is missing");
  const Decision decision = authorize(call.policy(), {CapabilityKind::env, name});
  if (!decision.allowed) return with_error(std::move(answer), kDenied, decision.reason);
  const auto* environment = call.services().environment;
  if (environment == nullptr) return answer;
  const auto found = environment->find(std::string(name));
  if (found != environment->end()) answer.set("value", found->second).set("found", true);
  return answer;
}

void log_message(RegletCall& call) {
  const Json& request = call.request;
  const std::string_view level = request.string_of("level");
  std::string line = (level.empty() ? "INFO" : std::string(level)) + " " + std::string(request.string_of("message"));
  const Json* attributes = request.find("attrs");
  for (size_t i = 0; attributes != nullptr && attributes->is_array() && i < attributes->size(); ++i) {
    const Json& attribute = attributes->at(i);
    const Json* value = attribute.find("value");
    line += " " + word(attribute.string_of("key")) + "=" + (value == nullptr ? "" : word(text_of(*value)));
  }
  call.context.log().line(line);
}

}  // namespace reglet_calls
}  // namespace wplug
