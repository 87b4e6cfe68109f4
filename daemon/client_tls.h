// The operator's certificate for clients: read and tried at start, by --check-config, and anew on
// SIGHUP.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/config.h"
#include "federation/handshake_limit.h"
#include "federation/tls_identity.h"

namespace cpc::daemon {

/// None if [client] has no certificate. What is given has done a handshake in memory, so that
/// clients can connect with it. Fails as federation::load_tls_chain, and with invalid if no
/// handshake could be done; the detail names the keys of the configuration.
[[nodiscard]] Result<std::optional<federation::TlsIdentity>> load_client_tls(
    const ClientConfig& client);

/// What works and is probably not meant, one sentence each: for the log and `cpcd --check-config`.
[[nodiscard]] std::vector<std::string> client_tls_warnings(const federation::TlsIdentity& identity,
                                                           TimePoint now);

/// How often one address may begin a handshake with it, so that it takes no more than a tenth of
/// the network thread for good.
[[nodiscard]] federation::HandshakeRate client_handshakes(const federation::TlsIdentity& identity);

}  // namespace cpc::daemon
