// cpcctl directory: which signed directories we hold, where their news comes from, and what they
// say.
#include "daemon/admin_protocol/codec.h"
#include "daemon/admin_server.h"

namespace cpc::daemon {
namespace {

using namespace admin_protocol;  // NOLINT(google-build-using-namespace): its messages are our
                                 // words.
using federation::DirectoryBook;

constexpr std::size_t names_shown_max = 500;
constexpr std::size_t endpoints_max = 16;
constexpr const char* not_changed = "nothing was changed";

Problem unknown(const DirectoryBook& book, const std::string& directory, const char* what) {
  std::string ids;
  for (const auto& [id, held] : book.held()) {
    if (held.said.name() == directory) ids += (ids.empty() ? "" : " and ") + to_text(id);
  }
  if (!ids.empty()) {
    return {"precond.directory_name", what, ids + " are both called " + directory,
            "name the one you mean by its id"};
  }
  return {"not_found.directory", what, "no directory " + directory + " is followed here",
          "see: cpcctl directory list; to begin: cpcctl directory follow ID"};
}

std::vector<std::string> texts_of(const std::vector<routing::Endpoint>& endpoints) {
  std::vector<std::string> texts;
  for (const routing::Endpoint& endpoint : endpoints) texts.push_back(endpoint.text());
  return texts;
}

DirectoryRow directory_row(const DirectoryBook::Held& held) {
  DirectoryRow row;
  row.id = to_text(held.row.id);
  row.name = held.said.name();
  row.version = held.said.version();
  row.names = static_cast<std::int64_t>(held.said.entries().size());
  if (row.version > 0) row.expires_at = held.said.expires();
  row.source = held.row.source;
  row.endpoints = texts_of(federation::endpoints_in(held.row.endpoints));
  row.served = held.row.is_served;
  if (held.row.asked_at != TimePoint{}) row.asked_at = held.row.asked_at;
  row.trouble = held.trouble;
  row.split = !held.row.rival.empty();
  return row;
}

Problem problem_with(const Error& error, const std::string& what) {
  const std::string drop =
      "when its operators have said which is true: cpcctl directory drop, then follow it again";
  switch (error.code) {
    case ErrorCode::conflict:
      return {"precond.split", what, error.detail, drop};
    case ErrorCode::not_found:
      return {"precond.versions", what, error.detail, "import an export of all its versions"};
    case ErrorCode::invalid:
    case ErrorCode::too_large:
      return {"invalid.directory", what, error.detail, ""};
    case ErrorCode::denied:
      return {"auth.signatures", what, error.detail,
              "cpcd directory verify tells who signed the file, and who has not"};
    default:
      return problem_of(error, what);
  }
}

DirectoryChanged changed(const DirectoryBook::Held& held, std::int64_t before) {
  return {to_text(held.row.id), held.said.name(), before, held.said.version(), ""};
}

}  // namespace

DirectoryName directory_name(const std::string& directory, const core::InstanceName& name,
                             const federation::DirectoryEntry& entry, bool is_current) {
  DirectoryName view;
  view.directory = directory;
  view.name = name.text();
  view.iid = to_text(entry.iid);
  view.status = federation::to_text(entry.status);
  view.endpoints = texts_of(entry.endpoints);
  if (entry.other_iid) view.other_iid = to_text(*entry.other_iid);
  view.current = is_current;
  return view;
}

AdminServer::Answer<DirectoryList> AdminServer::answer(DirectoryListRequest) {
  DirectoryList list;
  for (const auto& [id, held] : self_.directories.held())
    list.directories.push_back(directory_row(held));
  co_return list;
}

AdminServer::Answer<DirectoryDetail> AdminServer::answer(DirectoryShowRequest request) {
  const auto* held = self_.directories.find(request.directory);
  if (held == nullptr)
    co_return unknown(self_.directories, request.directory, "the directory was not shown");
  DirectoryDetail detail;
  detail.directory = directory_row(*held);
  if (!held->row.rival.empty()) detail.rival = held->row.rival;
  if (held->said.version() == 0) co_return detail;
  const federation::DirectorySigners& signers = held->said.signers();
  for (const auto& key : signers.keys) detail.keys.push_back(key.text());
  detail.threshold = static_cast<std::int64_t>(signers.threshold);
  const bool is_current = held->said.is_current(self_.timers.now());
  for (const auto& [name, entry] : held->said.entries()) {
    if (name.text() <= request.after) continue;
    detail.more = detail.names.size() == names_shown_max;
    if (detail.more) break;
    detail.names.push_back(directory_name(held->said.name(), name, entry, is_current));
  }
  co_return detail;
}

AdminServer::Answer<DirectoryChanged> AdminServer::answer(DirectoryFollowRequest request) {
  const auto id = id_from_text<core::DirectoryId>(request.id);
  if (!id || id.value().is_zero()) {
    co_return Problem{"invalid.directory", not_changed,
                      "\"" + request.id + "\" is no directory's id",
                      "its operators tell the id: 43 letters, as cpcd directory verify shows it"};
  }
  DirectoryBook::Source source;
  source.is_served = request.served;
  if (!request.source.empty()) {
    const auto name = core::InstanceName::parse(request.source);
    if (!name) co_return Problem{"invalid.name", not_changed, name.error().detail, ""};
    source.instance = name.value();
  }
  if (request.source.empty() && !request.endpoints.empty()) {
    co_return Problem{"invalid.name", not_changed, "there are endpoints of no instance",
                      "say by --from which instance is there"};
  }
  for (const std::string& text : request.endpoints) {
    auto endpoint = routing::Endpoint::parse(text);
    if (!endpoint || source.endpoints.size() == endpoints_max) {
      co_return Problem{"invalid.endpoint", not_changed,
                        text + ": is none, or there are more than 16", ""};
    }
    source.endpoints.push_back(std::move(endpoint).value());
  }
  const bool has_source = source.instance.has_value();
  const Result<> followed = co_await self_.directories.follow(id.value(), std::move(source));
  if (!followed && followed.error().code == ErrorCode::too_large) {
    co_return Problem{"precond.directories", not_changed, followed.error().detail,
                      "cpcctl directory drop makes room"};
  }
  if (!followed) co_return problem_of(followed.error(), not_changed);
  const auto* begun = self_.directories.find(request.id);
  if (begun == nullptr) co_return unknown(self_.directories, request.id, not_changed);
  const std::int64_t before = begun->said.version();
  std::string trouble;
  if (has_source) {
    const auto news = co_await self_.directories.refresh(id.value());
    if (!news) trouble = news.error().detail;
  }
  const auto* held = self_.directories.find(request.id);
  if (held == nullptr) co_return unknown(self_.directories, request.id, not_changed);
  DirectoryChanged answer = changed(*held, before);
  answer.trouble = std::move(trouble);
  co_return answer;
}

AdminServer::Answer<DirectoryChanged> AdminServer::answer(DirectoryImportRequest request) {
  const std::string what = "the file was not imported, or not all of it";
  auto page = federation::decode_page(request.page, request_bytes_max,
                                      federation::directory_page_records_max);
  if (!page) co_return problem_with(page.error(), what);
  const std::string id = to_text(page.value().directory);
  if (self_.directories.find(id) == nullptr) {
    co_return Problem{
        "not_found.directory", what, "directory " + id + " is not followed here",
        "if its operators told you this id: cpcctl directory follow " + id + ", then import again"};
  }
  const auto news = co_await self_.directories.take(std::move(page).value());
  if (!news) co_return problem_with(news.error(), what);
  const auto* held = self_.directories.find(id);
  if (held == nullptr) co_return unknown(self_.directories, id, what.c_str());
  co_return changed(*held, news.value().before);
}

AdminServer::Answer<DirectoryExport> AdminServer::answer(DirectoryExportRequest request) {
  const char* what = "the directory was not exported";
  const auto* held = self_.directories.find(request.directory);
  if (held == nullptr) co_return unknown(self_.directories, request.directory, what);
  const std::int64_t after = std::max<std::int64_t>(0, request.after);
  const auto page = co_await self_.directories.page_after(held->row.id, after);
  if (!page) co_return problem_of(page.error(), what);
  const auto count = static_cast<std::int64_t>(page.value().records.size());
  co_return DirectoryExport{federation::encode_page(page.value()), after + count,
                            page.value().version};
}

AdminServer::Answer<DirectoryChanged> AdminServer::answer(DirectoryRefreshRequest request) {
  const std::string what = "there is no news of the directory";
  const auto* held = self_.directories.find(request.directory);
  if (held == nullptr) co_return unknown(self_.directories, request.directory, what.c_str());
  if (held->row.source.empty()) {
    co_return Problem{"not_found.source", what, "its news comes by files alone",
                      "cpcctl directory import FILE, or name a source: cpcctl directory follow " +
                          to_text(held->row.id) + " --from NAME"};
  }
  const core::DirectoryId id = held->row.id;
  const auto news = co_await self_.directories.refresh(id);
  if (!news && news.error().code == ErrorCode::conflict) co_return problem_with(news.error(), what);
  if (!news) co_return Problem{"peer.no_directory", what, news.error().detail, ""};
  const auto found = self_.directories.held().find(id);
  if (found == self_.directories.held().end())
    co_return unknown(self_.directories, request.directory, what.c_str());
  co_return changed(found->second, news.value().before);
}

AdminServer::Answer<DirectoryDropped> AdminServer::answer(DirectoryDropRequest request) {
  const auto* held = self_.directories.find(request.directory);
  if (held == nullptr) co_return unknown(self_.directories, request.directory, not_changed);
  const DirectoryDropped dropped{to_text(held->row.id), held->said.name()};
  const Result<> done = co_await self_.directories.drop(held->row.id);
  if (!done) co_return problem_of(done.error(), not_changed);
  co_return dropped;
}

}  // namespace cpc::daemon
