#include "wplug/nested_store.h"

#include <algorithm>

#include "interp/api/impl.h"

namespace wplug {

Result<Store> make_nested_store(const Store& outer) {
  WPLUG_TRY_ASSIGN(Store store, Store::create(outer.engine(), outer.limits()));
  StoreImpl& impl = *store.impl();
  impl.interrupt = outer.impl()->interrupt;
  impl.context.interrupt = &impl.interrupt->flag;
  store.set_deadline(outer.deadline());
  if (outer.engine().config().metering) WPLUG_TRY(store.set_fuel(outer.fuel()));
  return store;
}

void absorb_nested_store(Store& outer, const Store& inner) {
  outer.charge(inner.fuel_consumed());
  StoreImpl& impl = *outer.impl();
  impl.memory_denials += inner.memory_denials();
  impl.peak_memory_bytes = std::max(impl.peak_memory_bytes, impl.memory_bytes + inner.peak_memory_bytes());
}

}  // namespace wplug
