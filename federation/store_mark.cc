#include "federation/store_mark.h"

namespace cpc::federation {

nlohmann::json to_json(const StoreMark& mark) {
  return {{"v", 1}, {"store_epoch", to_text(mark.epoch)}, {"boot", mark.boot_counter}};
}

Result<StoreMark> store_mark_of(const JsonObject& object) {
  CPC_TRY(object.integer("v", 1, 1));
  StoreMark mark;
  CPC_TRY(mark.epoch, object.id<core::StoreEpoch>("store_epoch"));
  CPC_TRY(mark.boot_counter, object.integer("boot", 0, json_integer_max));
  return mark;
}

}  // namespace cpc::federation
