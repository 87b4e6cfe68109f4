// Who may reach whom. One writer: only the home instance of a person writes consents about that
// person. The receiver decides, in the closure that appends to the log. Revoke is unconditional,
// grant is compare-and-set on the version the person saw.
//
// decide() is the one pure function behind the three checks; contact.h moves requests and answers.
#pragma once

#include <string_view>

#include "core/home.h"
#include "core/store.h"

namespace cpc::core {

enum class Verdict {
  deliver,  ///< The person gets it.
  request,  ///< Not allowed yet; asking is possible.
  swallow,  ///< Accepted like any other, shown to nobody.
};

struct Decision {
  Verdict verdict;
  std::string_view rule;  ///< The rule that fired, for the operator's explanation.
};

/// May `peer` reach `owner` (a local part of ours) now? More specific wins, deny wins ties; another
/// instance needs the owner's cross_instance consent besides.
[[nodiscard]] Result<Decision> verify_messaging_consent(Lookup& store, const Home& home,
                                                        const std::string& owner,
                                                        const Address& peer);

/// Has `owner` opted in towards `instance`? Always true for our own.
[[nodiscard]] Result<bool> verify_federation_consent(Lookup& store, const Home& home,
                                                     const std::string& owner,
                                                     const InstanceName& instance);

/// Opts in or out, towards one instance or (no value) towards all. Unconditional, idempotent.
[[nodiscard]] Result<> set_federation_opt_in(Transaction& tx, const Home& home,
                                             const Moment& moment, const std::string& owner,
                                             const std::optional<InstanceName>& instance,
                                             bool is_granted);

/// Writes one consent with the next version; nothing when the state is already so. Marks its owner.
/// Returns the version in force.
[[nodiscard]] Result<std::int64_t> write_consent(Transaction& tx, const ConsentKey& key,
                                                 ConsentState state, std::string_view basis,
                                                 TimePoint now);

/// The consent of `owner` (a local part) to be written to by `subject`.
[[nodiscard]] ConsentKey messaging_consent(const std::string& owner, const Address& subject);

/// The version of the next frame that tells the subject of this consent, and that it was sent. What
/// a peer is told is numbered by itself, so that no number tells of what it was not told.
[[nodiscard]] Result<std::int64_t> next_told_version(Lookup& store, const ConsentKey& key);
[[nodiscard]] Result<> note_told(Transaction& tx, const ConsentKey& key, std::int64_t version);

}  // namespace cpc::core
