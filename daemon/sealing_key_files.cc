#include "daemon/sealing_key_files.h"

#include <charconv>
#include <optional>
#include <system_error>

#include "crypto/key_file.h"
#include "crypto/secrets.h"

namespace cpc::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view suffix = ".key";
/// A file that is being written. A process that was killed meanwhile left it behind.
constexpr std::string_view unfinished = "new.part";

fs::path file_of(const fs::path& folder, TimePoint made_at) {
  return folder / (std::to_string(to_milliseconds(made_at)) + std::string{suffix});
}

std::optional<TimePoint> made_at(const fs::path& file) {
  const std::string stem = file.stem().string();
  std::int64_t milliseconds = 0;
  const auto [end, failure] = std::from_chars(stem.data(), stem.data() + stem.size(), milliseconds);
  const bool is_time = failure == std::errc{} && end == stem.data() + stem.size() &&
                       milliseconds >= 0 && file.extension() == suffix;
  if (is_time) return from_milliseconds(milliseconds);
  return std::nullopt;
}

crypto::SealingKey made_from(routing::Random& random) {
  Bytes raw = random.bytes(crypto::Seed::size);
  const crypto::WipeAtEnd wipe{raw};
  crypto::Seed seed = crypto::Seed::from_bytes(raw).value();
  crypto::SealingKey key = crypto::SealingKey::from_private(seed);
  sodium_memzero(seed.octets.data(), crypto::Seed::size);
  return key;
}

}  // namespace

Result<federation::SealingKeys> load_sealing_keys(const fs::path& folder) {
  federation::SealingKeys keys;
  std::error_code failure;
  if (!fs::exists(folder, failure)) return keys;
  for (fs::directory_iterator at{folder, failure}, end; !failure && at != end;
       at.increment(failure)) {
    const auto time = made_at(at->path());
    if (!time) continue;  // Somebody else's, or never finished.
    CPC_TRY(auto key, crypto::load_sealing_key(at->path()));
    keys.add(std::move(key), *time);
  }
  if (!failure) return keys;
  return fail(ErrorCode::unavailable, folder.string() + ": " + failure.message());
}

Result<bool> turn_sealing_keys(const fs::path& folder, federation::SealingKeys& keys,
                               routing::Random& random, TimePoint now, bool is_wanted) {
  std::error_code ignored;  // What could not be renamed or removed is met again at the next start.
  for (const auto& [before, after] : keys.set_right(now)) {
    fs::rename(file_of(folder, before), file_of(folder, after), ignored);
  }
  for (const TimePoint dropped : keys.drop_old(now)) {
    fs::remove(file_of(folder, dropped), ignored);
  }
  if (!is_wanted && !keys.is_due(now)) return false;
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (!failure) fs::permissions(folder, fs::perms::owner_all, failure);
  if (failure) {
    return fail(ErrorCode::unavailable, folder.string() + ": " + failure.message() +
                                            ". Let the daemon write to its key folder");
  }
  const fs::path file = file_of(folder, now);
  const fs::path part = folder / unfinished;
  fs::remove(part, failure);
  crypto::SealingKey key = made_from(random);
  CPC_TRY(crypto::write_sealing_key(part, key));
  fs::rename(part, file, failure);
  if (failure) return fail(ErrorCode::unavailable, file.string() + ": " + failure.message());
  keys.add(std::move(key), now);
  return true;
}

}  // namespace cpc::daemon
