#include "daemon/client_tls.h"

#include <array>
#include <cstdio>

#include "federation/tls_session.h"

namespace cpc::daemon {
namespace {

constexpr int rsa_bits_cheap = 2048;

/// As 2026-11-23 05:07 UTC.
std::string date_text(TimePoint time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::minutes>(time - day)};
  std::array<char, 64> text{};
  (void)std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d UTC",
                      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                      static_cast<int>(clock.minutes().count()));
  return text.data();
}

}  // namespace

Result<std::optional<federation::TlsIdentity>> load_client_tls(const ClientConfig& client) {
  if (!client.has_tls()) return std::nullopt;
  auto loaded = federation::load_tls_chain(client.tls_key, client.tls_certificate);
  if (!loaded) {
    return fail(loaded.error().code,
                "client.tls_key or client.tls_certificate: " + loaded.error().detail);
  }
  const auto context = federation::TlsContext::for_server(loaded.value());
  if (!context) {
    return fail(context.error().code, "client.tls_certificate: " + context.error().detail);
  }
  const Result<> tried = context.value().try_handshake();
  if (!tried) return fail(tried.error().code, "client.tls_certificate: " + tried.error().detail);
  return std::optional{std::move(loaded).value()};
}

std::vector<std::string> client_tls_warnings(const federation::TlsIdentity& identity,
                                             TimePoint now) {
  std::vector<std::string> sentences;
  const auto facts = federation::facts_of(identity);
  if (!facts) return {"client.tls_certificate: " + facts.error().detail};
  const auto& [valid_from, valid_until, rsa_bits] = facts.value();
  if (now < valid_from) {
    sentences.push_back("client.tls_certificate is not valid before " + date_text(valid_from) +
                        ", so clients refuse it until then; is this machine's clock right?");
  }
  if (now > valid_until) {
    sentences.push_back("client.tls_certificate expired on " + date_text(valid_until) +
                        ", so clients refuse it; renew it, and send SIGHUP to cpcd");
  }
  if (rsa_bits > rsa_bits_cheap) {
    sentences.push_back("client.tls_key is RSA of " + std::to_string(rsa_bits) +
                        " bits, and each connection of a client costs the network thread "
                        "milliseconds (4096 bits: 5 ms); a P-256 key takes 0.2 ms and is as safe "
                        "here");
  }
  return sentences;
}

federation::HandshakeRate client_handshakes(const federation::TlsIdentity& identity) {
  // 200 a second at 0.2 to 0.5 ms each. All that one address may hold by default may come back at
  // once after a restart.
  constexpr federation::HandshakeRate of_cheap_keys{1000, std::chrono::milliseconds{5}};
  // 20 a second at 2 ms (RSA of 3072 bits) to 5 ms (4096); those 1000 come back within a minute.
  constexpr federation::HandshakeRate of_long_rsa{200, std::chrono::milliseconds{50}};
  const auto facts = federation::facts_of(identity);
  return facts && facts.value().rsa_bits <= rsa_bits_cheap ? of_cheap_keys : of_long_rsa;
}

}  // namespace cpc::daemon
