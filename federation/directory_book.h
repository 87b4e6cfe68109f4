// The signed directories that this instance follows or serves: what they say of names, kept in
// memory beside their records in the store, and fetched from where the operator said, each hour or
// on his order. docs/protocol.md section "Signed directories".
//
// Nothing is believed because of who sent it: a record counts because enough of the directory's
// signers signed it, whether it came from an instance or from a file. Whoever serves an older
// directory than ours is passed over and told; who shows another version at a place that we hold,
// signed as well, proves that its signers speak with two tongues: then we keep what we have, and
// take no more news of it until the operator has dropped it.
//
// Network thread only, but for the checking of signatures.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "core/base/log.h"
#include "federation/http_link.h"
#include "federation/peer_trust.h"
#include "federation/signed_directory.h"

namespace cpc::federation {

class DirectoryBook {
 public:
  static constexpr std::size_t directories_max = 16;
  static constexpr std::string_view path = "/cpc/fed/v1/directory/";
  static constexpr std::string_view page_type = "application/cpc-directory+json";
  static constexpr auto refresh_interval = std::chrono::hours{1};

  struct Parts {
    HttpLink& link;
    routing::StoreGate& store;
    routing::Timers& timers;
    routing::CryptoPool& pool;
    Log& log;
    /// Where a peer is that we know, as PeerDirectory::target_of.
    std::function<Task<LinkTarget>(core::InstanceName)> target_of;
  };
  explicit DirectoryBook(Parts parts) : self_(std::move(parts)) {}

  /// Reads what the store holds. Before anything else, once. Fails as the store does, and with
  /// internal where its records do not make the directory that they made before.
  [[nodiscard]] Task<> load();

  /// What the directories say of a name, those left out that are past their date. Another iid from
  /// two of them, or from one of them at two times, is a contested name.
  [[nodiscard]] DirectoryWord word_on(const core::InstanceName& name) const;
  /// Each directory that knows the name, and its entry; those past their date too.
  struct Mention {
    std::string directory;
    DirectoryEntry entry;
    bool is_current = false;
  };
  [[nodiscard]] std::vector<Mention> mentions_of(const core::InstanceName& name) const;

  struct Held {
    core::Directory row;
    SignedDirectory said;
    bool is_busy = false;
    std::string trouble{};  ///< Why the last look at the source failed; empty after a success.
  };
  [[nodiscard]] const std::map<core::DirectoryId, Held>& held() const { return held_; }
  /// By its id, or by its name if only one has it. Null otherwise.
  [[nodiscard]] const Held* find(std::string_view id_or_name) const;

  /// Where news of a directory comes from.
  struct Source {
    std::optional<core::InstanceName> instance;  ///< None: files alone.
    std::vector<routing::Endpoint> endpoints{};  ///< None: where the peer of this name is.
    bool is_served = false;
  };
  /// Begins to follow, or changes where the news comes from. Fails with too_large if there are
  /// directories_max already, and as the store does.
  [[nodiscard]] Task<> follow(core::DirectoryId id, Source source);
  /// Forgets it and all its records; who was met by it stays met. Fails with not_found.
  [[nodiscard]] Task<> drop(core::DirectoryId id);

  struct News {
    std::int64_t before = 0;  ///< The versions that we held and hold.
    std::int64_t after = 0;
    std::int64_t offered = 0;  ///< The last one that who gave the page holds.
  };
  /// Takes the records of a page as far as they go; what was taken is on disk. Fails with
  ///   not_found    the directory is not followed, or versions before these are missing;
  ///   conflict     a split view, now or before;
  ///   unavailable  another page of it is being taken;
  ///   invalid, denied, too_large  as SignedDirectory::take.
  [[nodiscard]] Task<News> take(DirectoryPage page);
  /// Asks the source for what is new. Fails as take() and HttpLink::exchange, with not_found too
  /// where there is no source, or it does not serve this directory.
  [[nodiscard]] Task<News> refresh(core::DirectoryId id);

  /// Records after a version: at most directory_page_records_max. Fails with not_found if the
  /// directory is not held.
  [[nodiscard]] Task<DirectoryPage> page_after(core::DirectoryId id, std::int64_t after);

  /// Refreshes all that have a source, each hour.
  [[nodiscard]] boost::asio::awaitable<void> run();

 private:
  /// What became of a page, checked beside the network thread.
  struct Checked {
    SignedDirectory said;
    std::vector<core::DirectoryRecord> records{};
    Bytes rival{};
    Result<> outcome = success();
  };
  [[nodiscard]] static Checked check(SignedDirectory said, const std::vector<Bytes>& records,
                                     TimePoint now);
  [[nodiscard]] Task<News> take_alone(DirectoryPage page);
  [[nodiscard]] Task<> keep(core::DirectoryId id, const Checked& checked);
  [[nodiscard]] Task<LinkTarget> source_of(core::DirectoryId id);
  [[nodiscard]] Task<DirectoryPage> fetch(core::DirectoryId id, LinkTarget target);
  [[nodiscard]] Task<News> refresh_from(core::DirectoryId id);
  void tell_of(const SignedDirectory& before, const SignedDirectory& after);

  Parts self_;
  std::map<core::DirectoryId, Held> held_;
};

}  // namespace cpc::federation
