// Two people who agreed, one of whom is about to refuse the other; for both hubs.
#pragma once

#include "tests/support/two_instances.h"

namespace cpc::core {

/// `refuser` is where the person who refuses lives.
struct Refusal {
  tests::Federation world{{"alpha.cpc", "beta.cpc"}};
  tests::Pair pair;
  tests::Instance& sender;
  tests::Instance& refuser;
  std::string from;
  std::string to;
  ConversationId at_sender;
  ConversationId at_refuser;
  Address sending;
  Address refusing;

  explicit Refusal(bool refuser_is_hub)
      : pair(tests::make_pair(world, world.at(refuser_is_hub ? 1 : 0),
                              world.at(refuser_is_hub ? 0 : 1), world.at(0))),
        sender(refuser_is_hub ? pair.copy : pair.hub),
        refuser(refuser_is_hub ? pair.hub : pair.copy),
        from(refuser_is_hub ? pair.at_copy : pair.at_hub),
        to(refuser_is_hub ? pair.at_hub : pair.at_copy),
        at_sender(refuser_is_hub ? pair.copy_id : pair.hub_id),
        at_refuser(refuser_is_hub ? pair.hub_id : pair.copy_id),
        sending(sender.person(from)),
        refusing(refuser.person(to)) {}
};

}  // namespace cpc::core
