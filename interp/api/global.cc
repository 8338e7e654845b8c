#include "wplug/global.h"

#include "interp/api/impl.h"

namespace wplug {

namespace {

Result<void> check_value(const StoreImpl& store, const GlobalType& type, const Value& value) {
  if (value_fits(store, value, type.type)) return {};
  return Error(ErrorKind::misuse,
               "value of type " + value.type().to_string() + " for a global of type " + type.type.to_string());
}

}  // namespace

Result<Global> Global::create(Store& store, const GlobalType& type, const Value& value) {
  WPLUG_TRY(check_value(*store.impl(), type, value));
  GlobalInstance& global = store.impl()->globals.emplace_back();
  global.type = type;
  value.to_slots(global.value);
  return Global(store.impl(), &global);
}

GlobalType Global::type() const { return global_->type; }

Value Global::get() const {
  if (may_refer_to_object(global_->type.type)) store_->heap.keep_candidate(global_->value[0]);
  return Value::from_slots(global_->type.type, global_->value);
}

Result<void> Global::set(const Value& value) {
  if (!global_->type.is_mutable) return Error(ErrorKind::misuse, "global is immutable");
  WPLUG_TRY(check_value(*store_, global_->type, value));
  value.to_slots(global_->value);
  return {};
}

}  // namespace wplug
