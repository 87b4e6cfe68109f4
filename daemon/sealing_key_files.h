// Where our sealing keys lie, one file each, named by when it was made; and how they follow each
// other. A lost one costs peers a look at our document, and no message.
#pragma once

#include <filesystem>

#include "federation/sealing_keys.h"
#include "routing/ports.h"

namespace cpc::daemon {

/// All that lie in `folder`, none if it does not exist; files that are not named by a time are
/// passed over. Fails like crypto/key_file.h.
[[nodiscard]] Result<federation::SealingKeys> load_sealing_keys(
    const std::filesystem::path& folder);

/// Makes the next one if it is due or `is_wanted`, and destroys what is of no use any more. True if
/// there is a new one, which has to be published. Fails as crypto::write_sealing_key; then `keys`
/// are as before.
[[nodiscard]] Result<bool> turn_sealing_keys(const std::filesystem::path& folder,
                                             federation::SealingKeys& keys, routing::Random& random,
                                             TimePoint now, bool is_wanted = false);

}  // namespace cpc::daemon
