#include "host/plugin_metadata.h"

#include <utility>

namespace wplug {

Result<PluginDescription> read_plugin_metadata(std::string_view json, std::string_view whose, Json* document) {
  JsonLimits limits;
  limits.bytes = size_t{1} << 20;
  auto metadata = parse_json(json, limits);
  if (!metadata.ok()) return Error(ErrorKind::malformed, std::string(whose) + ": " + metadata.error().message());
  if (metadata->string_of("name").empty()) {
    return Error(ErrorKind::malformed, std::string(whose) + " has no name");
  }
  PluginDescription description;
  description.name = metadata->string_of("name");
  description.version = metadata->string_of("version");
  description.description = metadata->string_of("description");
  description.json = json;
  if (document != nullptr) *document = std::move(*metadata);
  return description;
}

}  // namespace wplug
