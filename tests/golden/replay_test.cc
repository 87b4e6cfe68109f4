// What earlier versions said and stored is understood by this one: it opens their stores, gives
// their requests the same answers, and reads the answers that they gave.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "federation/heads_codec.h"
#include "federation/instance_document.h"
#include "federation/request_signature.h"
#include "federation/sealed_body.h"
#include "federation/signed_directory.h"
#include "federation/strict_json.h"
#include "federation/transaction_codec.h"
#include "tests/golden/stage.h"
#include "tests/golden/transcript.h"
#include "tests/support/temporary_folder.h"

namespace cpc::golden {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using sim::Exchanged;

std::vector<fs::path> versions() {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator{CPC_GOLDEN}) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  std::ranges::sort(folders);
  REQUIRE_FALSE(folders.empty());
  return folders;
}

/// A version that was kept, and beta.cpc living on its store today.
struct Kept {
  explicit Kept(const fs::path& from)
      : kept(json::parse(read_file(from / "kept.json"))),
        spoken(decode_transcript(read_file(from / "transcript.jsonl")).value()),
        opened_at(from_milliseconds(kept.at("opened_at"))) {
    fs::copy_file(from / "beta.db", folder / "beta.cpc/store.db");
    fs::permissions(folder / "beta.cpc/store.db", fs::perms::owner_read | fs::perms::owner_write);
    std::ranges::stable_sort(spoken, {}, &Exchanged::at);
    serve_document_of_alpha();
    stage.wait_until(opened_at);
    stage.boot_beta();
  }
  ~Kept() { stage.network.detach(stage.alpha.name()); }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

  // Nobody else is there any more.
  void serve_document_of_alpha() {
    const auto is_document = [&](const Exchanged& one) {
      return one.to == stage.alpha.name() && one.request.path == federation::document_path;
    };
    const auto last = std::find_if(spoken.rbegin(), spoken.rend(), is_document);
    REQUIRE(last != spoken.rend());
    const auto serve = [reply = last->reply](const federation::HttpRequest& request,
                                             const std::shared_ptr<sim::ReplySlot>& slot) {
      slot->reply = reply;
      if (request.path != federation::document_path) slot->reply->status = 503;
      slot->arrived.notify();
    };
    stage.network.attach(stage.alpha.name(), serve);
  }

  tests::TemporaryFolder folder;
  Stage stage{folder.path()};
  json kept;
  Transcript spoken;
  TimePoint opened_at;
};

/// All that `before` says is said by `after`, which may say more.
void check_includes(const json& before, const json& after, const std::string& where) {
  INFO(where);
  REQUIRE(before.type() == after.type());
  if (before.is_object()) {
    for (const auto& [key, value] : before.items()) {
      INFO(key);
      REQUIRE(after.contains(key));
      check_includes(value, after.at(key), where + "." + key);
    }
  } else if (before.is_array()) {
    REQUIRE(after.size() == before.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      check_includes(before[i], after[i], where + "." + std::to_string(i));
    }
  } else {
    CHECK(before == after);
  }
}

std::string type_of(const federation::HttpReply& reply) {
  return std::string{reply.headers.find("content-type").value_or("")};
}

/// What beta told alpha, sealed or not.
Bytes opened(const federation::HttpRequest& request, const federation::HttpReply& reply) {
  if (type_of(reply) != federation::sealed_type) return reply.body;
  const sim::SimKeys alpha = golden_keys("alpha.cpc");
  const sim::SimKeys beta = golden_keys("beta.cpc");
  const std::string asked_for = request.path + "?" + request.query;
  const auto body = federation::open_body(
      *alpha.ring.sealing.newest(), {beta.ring.iid(), alpha.ring.iid(), asked_for}, reply.body);
  REQUIRE(body.has_value());
  return body.value();
}

void check_signature(const Exchanged& one, const federation::HttpReply& reply) {
  const sim::SimKeys beta = golden_keys("beta.cpc");
  CHECK(federation::verify_reply(reply, one.request, beta.ring.signing(one.at)->public_key())
            .has_value());
}

/// What kind of answer it is, as our client reads it; empty if it cannot.
std::string kind_of(const Exchanged& one) {
  if (one.reply.status != 200) {
    const auto problem = federation::read_problem(one.reply);
    return problem ? std::string{to_text(problem.value().code)} : "";
  }
  if (one.request.path == federation::document_path) {
    const sim::SimKeys keys = golden_keys(one.to.text());
    const auto read = federation::verify_document(one.reply.body, one.to, keys.ring.iid(), one.at);
    return read ? "document" : "";
  }
  check_signature(one, one.reply);
  const Bytes body = opened(one.request, one.reply);
  if (one.request.method == "PUT") return federation::decode_answer(body) ? "transaction" : "";
  if (one.request.method == "GET") {
    const sim::SimKeys alpha = golden_keys("alpha.cpc");
    const sim::SimKeys beta = golden_keys("beta.cpc");
    const auto& ours = alpha.ring.delegation().identity;
    const auto read = federation::decode_stretch(body, {beta.ring.delegation().identity, &ours},
                                                 one.at, core::DeliveryLimits{}.entries_max);
    const bool is_whole = read && !read.value().part.items.empty();
    return is_whole && read.value().part.refused.empty() ? "log" : "";
  }
  if (one.request.path.ends_with("/hello")) return federation::decode_hello(body) ? "hello" : "";
  return federation::decode_heads_answer(body) ? "heads" : "";
}

TEST_CASE("a store of an earlier version is opened, and shows its people what they saw") {
  for (const fs::path& version : versions()) {
    INFO(version);
    Kept kept{version};
    for (const auto& [local, shown] : kept.kept.at("shown").items()) {
      check_includes(shown, kept.stage.shown_to(kept.stage.beta, local), local);
    }
  }
}

TEST_CASE(
    "what an earlier version asks gets the answers that it got, and the story ends the same") {
  for (const fs::path& version : versions()) {
    INFO(version);
    Kept kept{version};
    Stage& stage = kept.stage;
    for (const Exchanged& one : kept.spoken) {
      if (one.to != stage.beta.name() || one.request.path == federation::document_path) continue;
      if (one.at > stage.timers.now()) stage.wait_until(one.at);
      INFO(one.request.method << " " << one.request.path << " at " << to_milliseconds(one.at));
      const auto reply = stage.ask(one.from, one.to, one.request);
      REQUIRE(reply.has_value());
      INFO(reply.value().body);
      REQUIRE(reply.value().status == one.reply.status);
      CHECK(type_of(reply.value()) == type_of(one.reply));
      if (one.reply.status == 200) check_signature(one, reply.value());
      json before = json::parse(opened(one.request, one.reply));
      const json after = json::parse(opened(one.request, reply.value()));
      // Our clock, and how much room there is at the moment.
      for (const char* moving : {"now", "server_time"}) before.erase(moving);
      check_includes(before, after, "the answer");
    }
    for (const auto& [local, shown] : kept.kept.at("shown_at_the_end").items()) {
      const json now = stage.shown_to(stage.beta, local);
      const auto texts = [](const json& of) {
        std::vector<std::string> list;
        for (const json& message : of.at("messages")) {
          list.push_back(message.at("with").get<std::string>() + ": " +
                         message.at("text").get<std::string>());
        }
        return list;
      };
      CHECK(texts(now) == texts(shown));
    }
  }
}

TEST_CASE("what an earlier version answered is read") {
  for (const fs::path& version : versions()) {
    INFO(version);
    const auto spoken = decode_transcript(read_file(version / "transcript.jsonl")).value();
    std::map<std::string, int> kinds;
    for (const Exchanged& one : spoken) {
      if (one.to.text() != "beta.cpc") continue;
      INFO(one.request.method << " " << one.request.path << " " << one.reply.body);
      const std::string kind = kind_of(one);
      CHECK(kind != "");
      ++kinds[kind];
    }
    for (const char* kind :
         {"document", "hello", "transaction", "heads", "log", "REPLAY", "BAD_SIGNATURE",
          "WRONG_DESTINATION", "UNRECOGNIZED", "METHOD_NOT_ALLOWED", "MALFORMED", "CLOCK_SKEW"}) {
      INFO(kind);
      CHECK(kinds[kind] > 0);
    }
  }
}

TEST_CASE("a signed directory of an earlier version is followed") {
  for (const fs::path& version : versions()) {
    INFO(version);
    const auto page = federation::decode_page(read_file(version / "directory.json"),
                                              federation::directory_page_bytes_max,
                                              federation::directory_page_records_max);
    REQUIRE(page.has_value());
    federation::SignedDirectory directory{page.value().directory};
    const json kept = json::parse(read_file(version / "kept.json"));
    const TimePoint now = from_milliseconds(kept.at("opened_at")) + std::chrono::hours{1};
    for (const Bytes& record : page.value().records) {
      CHECK(directory.take(record, now).value() == federation::SignedDirectory::Taken::next);
    }
    CHECK(directory.version() == page.value().version);
    for (const char* text : {"alpha.cpc", "beta.cpc"}) {
      const auto* entry = directory.find(core::InstanceName::parse(text).value());
      REQUIRE(entry != nullptr);
      CHECK(entry->iid == golden_keys(text).ring.iid());
      CHECK((entry->status == federation::DirectoryStatus::active) ==
            (entry->endpoints.size() == 1));
    }
  }
}

}  // namespace
}  // namespace cpc::golden
