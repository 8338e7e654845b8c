#include "wplug/tag.h"

#include <string>
#include <utility>
#include <vector>

#include "interp/api/impl.h"
#include "wplug/exception.h"
#include "wplug/trap.h"

namespace wplug {

Result<Tag> Tag::create(Store& store, const FuncType& type) {
  if (!type.results.empty()) return Error(ErrorKind::misuse, "non-empty tag result type: " + type.to_string());
  TagInstance& tag = store.impl()->tags.emplace_back();
  tag.type = store.engine().impl()->types.intern(type);
  return Tag(store.impl(), &tag);
}

const FuncType& Tag::type() const { return tag_->type->func; }

Error Tag::exception(std::span<const Value> values) const {
  const std::vector<ValType>& params = type().params;
  if (values.size() != params.size()) {
    return {ErrorKind::misuse,
            std::to_string(values.size()) + " values given to an exception of type " + type().to_string()};
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (value_fits(*store_, values[i], params[i])) continue;
    return {ErrorKind::misuse, "value " + std::to_string(i) + " of an exception is " + values[i].type().to_string() +
                                   ", the tag's type is " + type().to_string()};
  }
  return Error(Trap(Exception(*this, {values.begin(), values.end()})));
}

}  // namespace wplug
