#include "federation/directory_book.h"

#include <algorithm>

#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

// Pages of one refresh: all versions that a directory may have.
// Each begins with the last record of the one before.
constexpr std::int64_t pages_max =
    directory_versions_max / (static_cast<std::int64_t>(directory_page_records_max) - 1) + 2;
constexpr const char* split_view =
    "two stories are told of this directory, both signed; its operators have to say which is true";

DirectoryStatus status_or(const DirectoryEntry* entry, DirectoryStatus otherwise) {
  return entry == nullptr ? otherwise : entry->status;
}

}  // namespace

Task<> DirectoryBook::load() {
  std::vector<core::Directory> rows;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(rows, store.directories(directories_max));
    return success();
  };
  CPC_CO_TRY(co_await self_.store.read(look));
  for (core::Directory& row : rows) {
    SignedDirectory said{row.id};
    while (said.version() < row.version) {
      std::vector<core::DirectoryRecord> records;
      const std::int64_t after = said.version();
      const auto look_further = [&](core::Snapshot& store) -> Result<> {
        CPC_TRY(records, store.directory_records(row.id, after, directory_page_records_max));
        return success();
      };
      CPC_CO_TRY(co_await self_.store.read(look_further));
      // They were not of the future when they came, whatever our clock says now.
      const auto replay = [&] {
        for (const core::DirectoryRecord& record : records) {
          const auto taken = said.take(record.record, json_time_max - directory_skew_max);
          if (!taken || taken.value() != SignedDirectory::Taken::next) return;
        }
      };
      co_await self_.pool.run(replay);
      if (said.version() == after || said.version() > row.version) {
        co_return fail(ErrorCode::internal,
                       "the records of directory " + to_text(row.id) +
                           " in the store are not whole; restore the store from a backup");
      }
    }
    const core::DirectoryId id = row.id;
    held_.insert_or_assign(id, Held{std::move(row), std::move(said)});
  }
  co_return success();
}

DirectoryWord DirectoryBook::word_on(const core::InstanceName& name) const {
  DirectoryWord word;
  const TimePoint now = self_.timers.now();
  std::optional<core::Iid> iid;
  for (const auto& [id, held] : held_) {
    const DirectoryEntry* entry = held.said.is_current(now) ? held.said.find(name) : nullptr;
    if (entry == nullptr) continue;
    const std::string source = "directory " + held.said.name();
    if (entry->other_iid || (iid && *iid != entry->iid)) {
      return {DirectoryWord::State::contested,
              {},
              false,
              source + " names another iid than before, or than another directory"};
    }
    iid = entry->iid;
    if (entry->status == DirectoryStatus::retired) {
      word = {DirectoryWord::State::gone, {}, true, source + " says that this instance was closed"};
    } else if (entry->status == DirectoryStatus::active && !word.is_closed) {
      if (word.state != DirectoryWord::State::active) {
        word = {DirectoryWord::State::active, {entry->iid, {}, core::Trust::directory, source}};
      }
      for (const routing::Endpoint& endpoint : entry->endpoints) {
        auto& known = word.claim.endpoints;
        if (std::ranges::find(known, endpoint) == known.end()) known.push_back(endpoint);
      }
    } else if (word.state == DirectoryWord::State::silent) {
      word = {DirectoryWord::State::gone, {}, false, source + " does not vouch for it any more"};
    }
  }
  return word;
}

std::vector<DirectoryBook::Mention> DirectoryBook::mentions_of(
    const core::InstanceName& name) const {
  std::vector<Mention> mentions;
  for (const auto& [id, held] : held_) {
    const DirectoryEntry* entry = held.said.find(name);
    if (entry == nullptr) continue;
    mentions.push_back({held.said.name(), *entry, held.said.is_current(self_.timers.now())});
  }
  return mentions;
}

const DirectoryBook::Held* DirectoryBook::find(std::string_view id_or_name) const {
  const auto id = id_from_text<core::DirectoryId>(id_or_name);
  if (id) {
    const auto found = held_.find(id.value());
    return found == held_.end() ? nullptr : &found->second;
  }
  const Held* named = nullptr;
  for (const auto& [key, held] : held_) {
    if (held.said.name() != id_or_name) continue;
    if (named != nullptr) return nullptr;
    named = &held;
  }
  return named;
}

Task<> DirectoryBook::follow(core::DirectoryId id, Source source) {
  if (!held_.contains(id) && held_.size() >= directories_max) {
    co_return fail(ErrorCode::too_large, "16 directories are followed already");
  }
  core::Directory changed;
  changed.id = id;
  // Its place is taken before the wait, so that two who follow do not take one.
  const bool is_new = held_.try_emplace(id, Held{changed, SignedDirectory{id}}).second;
  const auto write = [&](core::Transaction& tx) -> Result<> {
    CPC_TRY(auto row, tx.find(core::DirectoryKey{id}));
    if (!row) row.emplace().id = id;
    row->source = source.instance ? source.instance->text() : std::string{};
    row->endpoints = joined(source.endpoints);
    row->is_served = source.is_served;
    changed = *row;
    tx.put(*std::move(row));
    return success();
  };
  const core::Keys keys(1, core::DirectoryKey{id});
  const Result<> written = co_await self_.store.transact(keys, write);
  if (!written && is_new) held_.erase(id);
  if (!written) co_return written;
  const auto held = held_.try_emplace(id, Held{changed, SignedDirectory{id}}).first;
  held->second.row = std::move(changed);
  co_return success();
}

Task<> DirectoryBook::drop(core::DirectoryId id) {
  const auto found = held_.find(id);
  if (found == held_.end()) co_return fail(ErrorCode::not_found, "no such directory");
  if (found->second.is_busy) {
    co_return fail(ErrorCode::unavailable, "news of this directory is being read just now");
  }
  const std::int64_t versions = found->second.said.version();
  const auto erase = [&](core::Transaction& tx) -> Result<> {
    tx.erase(core::DirectoryKey{id});
    for (std::int64_t version = 1; version <= versions; ++version) {
      tx.erase(core::DirectoryRecordKey{id, version});
    }
    return success();
  };
  found->second.is_busy = true;
  const core::Keys keys(1, core::DirectoryKey{id});
  const Result<> erased = co_await self_.store.transact(keys, erase);
  if (erased) {
    held_.erase(id);
  } else {
    held_.at(id).is_busy = false;
  }
  co_return erased;
}

Task<DirectoryBook::News> DirectoryBook::take(DirectoryPage page) {
  const auto found = held_.find(page.directory);
  if (found == held_.end()) co_return fail(ErrorCode::not_found, "no such directory is followed");
  if (found->second.is_busy) {
    co_return fail(ErrorCode::unavailable, "news of this directory is being read just now");
  }
  found->second.is_busy = true;
  const core::DirectoryId id = page.directory;
  Result<News> taken = co_await take_alone(std::move(page));
  held_.at(id).is_busy = false;
  co_return taken;
}

DirectoryBook::Checked DirectoryBook::check(SignedDirectory said, const std::vector<Bytes>& records,
                                            TimePoint now) {
  Checked checked{std::move(said)};
  for (const Bytes& record : records) {
    const auto taken = checked.said.take(record, now);
    if (!taken) {
      checked.outcome = taken.error();
      break;
    }
    if (taken.value() == SignedDirectory::Taken::rival) {
      checked.rival = record;
      checked.outcome = fail(ErrorCode::conflict, split_view);
      break;
    }
    if (taken.value() == SignedDirectory::Taken::next) {
      checked.records.push_back({checked.said.id(), checked.said.version(), record});
    }
  }
  return checked;
}

// Nobody else changes the directory meanwhile: is_busy.
Task<DirectoryBook::News> DirectoryBook::take_alone(DirectoryPage page) {
  const core::DirectoryId id = page.directory;
  if (!held_.at(id).row.rival.empty()) co_return fail(ErrorCode::conflict, split_view);
  News news;
  news.before = news.after = held_.at(id).said.version();
  news.offered = page.version;
  const TimePoint now = self_.timers.now();
  std::optional<Checked> checked;
  const SignedDirectory& said = held_.at(id).said;
  const auto look = [&] { checked = check(said, page.records, now); };
  co_await self_.pool.run(look);
  if (!checked->records.empty() || !checked->rival.empty()) {
    CPC_CO_TRY(co_await keep(id, *checked));
    tell_of(held_.at(id).said, checked->said);
    held_.at(id).said = std::move(checked->said);
  }
  if (!checked->outcome) co_return checked->outcome.error();
  news.after = held_.at(id).said.version();
  co_return news;
}

Task<> DirectoryBook::keep(core::DirectoryId id, const Checked& checked) {
  const TimePoint now = self_.timers.now();
  core::Directory changed;
  const auto write = [&](core::Transaction& tx) -> Result<> {
    CPC_TRY(auto row, tx.find(core::DirectoryKey{id}));
    if (!row) return fail(ErrorCode::not_found, "no such directory is followed");
    row->name = checked.said.name();
    row->version = checked.said.version();
    if (!checked.rival.empty()) {
      row->rival = checked.rival;
      row->rival_seen_at = now;
    }
    for (const core::DirectoryRecord& record : checked.records) tx.put(record);
    changed = *row;
    tx.put(*std::move(row));
    return success();
  };
  const core::Keys keys(1, core::DirectoryKey{id});
  CPC_CO_TRY(co_await self_.store.transact(keys, write));
  held_.at(id).row = std::move(changed);
  if (!checked.rival.empty()) {
    self_.log.error("two stories are told of a directory; no news of it is taken any more",
                    {{"directory", checked.said.name()},
                     {"id", to_text(id)},
                     {"version", checked.said.version()}});
  }
  co_return success();
}

void DirectoryBook::tell_of(const SignedDirectory& before, const SignedDirectory& after) {
  if (after.version() == before.version()) return;
  self_.log.info("a directory has news",
                 {{"directory", after.name()},
                  {"version", after.version()},
                  {"names", static_cast<std::int64_t>(after.entries().size())}});
  for (const auto& [name, entry] : after.entries()) {
    const DirectoryEntry* was = before.find(name);
    const bool is_new_rival = entry.other_iid && (was == nullptr || !was->other_iid);
    if (is_new_rival) {
      self_.log.error("a directory names another iid for a name than before",
                      {{"directory", after.name()},
                       {"peer", name.text()},
                       {"known_iid", to_text(entry.iid)},
                       {"other_iid", to_text(*entry.other_iid)}});
    }
    if (entry.status == status_or(was, DirectoryStatus::active)) continue;
    self_.log.warn(
        "a directory says otherwise of a name than before",
        {{"directory", after.name()}, {"peer", name.text()}, {"status", to_text(entry.status)}});
  }
}

Task<DirectoryBook::News> DirectoryBook::refresh(core::DirectoryId id) {
  const auto found = held_.find(id);
  if (found == held_.end()) co_return fail(ErrorCode::not_found, "no such directory is followed");
  Result<News> news = co_await refresh_from(id);
  const auto still = held_.find(id);
  if (still != held_.end()) still->second.trouble = news ? "" : news.error().detail;
  co_return news;
}

Task<LinkTarget> DirectoryBook::source_of(core::DirectoryId id) {
  const core::Directory row = held_.at(id).row;
  if (row.source.empty()) co_return fail(ErrorCode::not_found, "its news comes by files alone");
  CPC_CO_TRY(const core::InstanceName instance, core::InstanceName::parse(row.source));
  LinkTarget target;
  target.peer = instance;
  target.endpoints = endpoints_in(row.endpoints);
  // Records prove themselves, so whoever answers there will do.
  if (!target.endpoints.empty()) co_return target;
  Result<LinkTarget> known = co_await self_.target_of(instance);
  if (!known && known.error().code == ErrorCode::not_found) {
    co_return fail(ErrorCode::not_found, instance.text() +
                                             " is no peer that was met; say by --endpoint where it "
                                             "is, or: cpcctl peer add " +
                                             instance.text());
  }
  co_return known;
}

Task<DirectoryPage> DirectoryBook::fetch(core::DirectoryId id, LinkTarget target) {
  // From our last one on, which shows whether it is theirs too.
  const std::int64_t since = std::max<std::int64_t>(0, held_.at(id).said.version() - 1);
  HttpRequest request;
  request.method = "GET";
  request.path = std::string{path} + to_text(id);
  request.query = "since=" + std::to_string(since);
  LinkLimits limits;
  limits.timeout = std::chrono::seconds{15};
  limits.reply_bytes_max = directory_page_bytes_max;
  CPC_CO_TRY(const HttpReply reply,
             co_await self_.link.exchange(std::move(target), std::move(request), limits));
  if (reply.status == 404) co_return fail(ErrorCode::not_found, "it does not serve this directory");
  if (reply.status != 200) co_return fail(ErrorCode::unavailable, "it gave no page of it");
  CPC_CO_TRY(DirectoryPage page,
             decode_page(reply.body, directory_page_bytes_max, directory_page_records_max));
  if (page.directory != id) co_return fail(ErrorCode::invalid, "a page of another directory");
  co_return page;
}

Task<DirectoryBook::News> DirectoryBook::refresh_from(core::DirectoryId id) {
  CPC_CO_TRY(const LinkTarget target, co_await source_of(id));
  News all;
  // The operator may have dropped it while we looked for the source.
  if (!held_.contains(id)) co_return fail(ErrorCode::not_found, "no such directory is followed");
  all.before = held_.at(id).said.version();
  for (std::int64_t pages = 0; pages < pages_max; ++pages) {
    CPC_CO_TRY(DirectoryPage page, co_await fetch(id, target));
    CPC_CO_TRY(const News news, co_await take(std::move(page)));
    all.after = news.after;
    all.offered = news.offered;
    if (news.after == news.before || news.after >= news.offered) break;
  }
  if (all.offered < all.after) {
    self_.log.warn("an older version of a directory than ours is served, and passed over",
                   {{"id", to_text(id)},
                    {"source", held_.at(id).row.source},
                    {"offered", all.offered},
                    {"held", all.after}});
  }
  // Whoever holds news back would else look like somebody who has none.
  if (all.after < all.offered) {
    co_return fail(ErrorCode::unavailable, "it says that it holds version " +
                                               std::to_string(all.offered) + ", and gives only " +
                                               std::to_string(all.after));
  }
  const TimePoint now = self_.timers.now();
  const auto note = [&](core::Transaction& tx) -> Result<> {
    CPC_TRY(auto row, tx.find(core::DirectoryKey{id}));
    if (!row) return success();
    row->asked_at = now;
    tx.put(*std::move(row));
    return success();
  };
  const core::Keys keys(1, core::DirectoryKey{id});
  CPC_CO_TRY(co_await self_.store.transact(keys, note));
  const auto found = held_.find(id);
  if (found != held_.end()) found->second.row.asked_at = now;
  co_return all;
}

Task<DirectoryPage> DirectoryBook::page_after(core::DirectoryId id, std::int64_t after) {
  const auto found = held_.find(id);
  if (found == held_.end()) co_return fail(ErrorCode::not_found, "no such directory");
  DirectoryPage page;
  page.directory = id;
  page.version = found->second.said.version();
  const auto look = [&](core::Snapshot& store) -> Result<> {
    page.records.clear();
    CPC_TRY(const auto records, store.directory_records(id, after, directory_page_records_max));
    for (const auto& row : records) {
      page.records.push_back(row.record);
      page.version = std::max(page.version, row.version);  // Taken just now.
    }
    return success();
  };
  CPC_CO_TRY(co_await self_.store.read(look));
  co_return page;
}

boost::asio::awaitable<void> DirectoryBook::run() {
  for (;;) {
    std::vector<core::DirectoryId> sourced;
    for (const auto& [id, held] : held_) {
      if (!held.row.source.empty() && held.row.rival.empty()) sourced.push_back(id);
    }
    for (const core::DirectoryId& id : sourced) {
      const Result<News> news = co_await refresh(id);
      if (news) continue;
      self_.log.warn("news of a directory could not be had",
                     {{"id", to_text(id)}, {"reason", news.error().detail}});
    }
    co_await self_.timers.sleep_until(self_.timers.steady_now() + refresh_interval);
  }
}

}  // namespace cpc::federation
