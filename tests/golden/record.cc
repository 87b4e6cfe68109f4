// golden_record FOLDER: writes what this version says and stores into a new folder, for later ones
// to speak to and to open:
//   beta.db           beta.cpc's store, in the middle of a story
//   kept.json         when that was, and what its people saw then and at the end of the story
//   transcript.jsonl  how the story went on: each request to beta.cpc and its reply
//   directory.json    a signed directory, as it is served and exported
// Run once for a version of the protocol or of the store; the folder is never edited.
#include <cstdio>
#include <filesystem>

#include "crypto/digest.h"
#include "federation/instance_document.h"
#include "federation/signed_directory.h"
#include "tests/golden/stage.h"
#include "tests/golden/transcript.h"
#include "tests/support/temporary_folder.h"

namespace cpc::golden {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using core::AnswerKind;
using nlohmann::json;

core::Address at_alpha(const std::string& local) {
  return {local, core::InstanceName::parse("alpha.cpc").value()};
}
core::Address at_beta(const std::string& local) {
  return {local, core::InstanceName::parse("beta.cpc").value()};
}

json shown_at_beta(Stage& stage) {
  json shown;
  for (const std::string& local : people_of_beta) {
    shown[local] = stage.shown_to(stage.beta, local);
  }
  return shown;
}

/// Everybody meets; logs lie on both sides, requests are open, granted, denied and revoked.
void begin(Stage& stage) {
  stage.boot_alpha();
  stage.boot_beta();
  stage.timers.pass(5s);
  for (const std::string& local : people_of_alpha) stage.add_person(stage.alpha, local);
  for (const std::string& local : people_of_beta) stage.add_person(stage.beta, local);
  for (const std::string& local : people_of_alpha) {
    stage.write(stage.alpha, local, at_beta("bob"), "a first word of " + local + " to bob");
    stage.write(stage.alpha, local, at_beta("ben"), "a first word of " + local + " to ben");
  }
  stage.write(stage.alpha, "ann", at_beta("carl"), "carl has not decided");
  stage.timers.pass(10s);
  stage.answer(stage.beta, "bob", at_alpha("ann"), AnswerKind::grant);
  stage.answer(stage.beta, "bob", at_alpha("amy"), AnswerKind::grant);
  stage.answer(stage.beta, "ben", at_alpha("ann"), AnswerKind::grant);
  stage.answer(stage.beta, "ben", at_alpha("amy"), AnswerKind::deny);
  stage.timers.pass(10s);
  for (int i = 1; i <= 3; ++i) {
    const std::string number = std::to_string(i);
    stage.write(stage.beta, "bob", at_alpha("ann"), "bob to ann, " + number);
    stage.write(stage.beta, "bob", at_alpha("amy"), "bob to amy, " + number);
    stage.write(stage.alpha, "ann", at_beta("ben"), "ann to ben, " + number);
    stage.timers.pass(5s);
  }
  stage.read_last(stage.beta, "bob");
  stage.read_last(stage.alpha, "ann");
  stage.timers.pass(5s);
}

/// alpha.cpc will be an older copy of itself, and ask for what it lost.
void lose_something(Stage& stage, const fs::path& folder) {
  stage.alpha.crash();
  const auto store = folder / "alpha.cpc" / "store.db";
  fs::copy_file(store, folder / "older.db");
  stage.boot_alpha();
  stage.timers.pass(5s);
  stage.write(stage.beta, "bob", at_alpha("ann"), "bob to ann, lost by a restore");
  stage.write(stage.beta, "bob", at_alpha("amy"), "bob to amy, lost by a restore");
  stage.write(stage.alpha, "ann", at_beta("bob"), "ann to bob, lost by a restore");
  stage.write(stage.alpha, "amy", at_beta("bob"), "amy to bob, lost by a restore");
  stage.timers.pass(10s);
  stage.alpha.crash();
  fs::copy_file(folder / "older.db", store, fs::copy_options::overwrite_existing);
}

/// How the story goes on, all of it alpha's doing.
void go_on(Stage& stage) {
  stage.boot_alpha();
  stage.timers.pass(1min);
  for (const std::string& local : people_of_alpha) {
    stage.write(stage.alpha, local, at_beta("bob"), local + " to bob, on the record");
    stage.timers.pass(5s);
  }
  stage.write(stage.alpha, "ann", at_beta("ben"), "ann to ben, on the record");
  stage.write(stage.alpha, "amy", at_beta("carl"), "amy asks for carl, on the record");
  stage.read_last(stage.alpha, "ann");
  stage.timers.pass(20s);
}

/// What a peer must be refused, each in its own way.
void be_refused(Stage& stage, const Transcript& spoken) {
  const auto is_signed = [](const sim::Exchanged& one) { return one.request.method == "PUT"; };
  const auto last = std::find_if(spoken.rbegin(), spoken.rend(), is_signed);
  const federation::HttpRequest said = last->request;
  const auto ask = [&](const federation::HttpRequest& request) {
    static_cast<void>(stage.ask(stage.alpha.name(), stage.beta.name(), request));
  };
  ask(said);  // REPLAY
  federation::HttpRequest other = said;
  other.body.back() = static_cast<char>(other.body.back() ^ 1);
  ask(other);  // BAD_SIGNATURE
  other = said;
  for (auto& header : other.headers.list) {
    if (header.name == "cpc-destination") header.value = "gamma.cpc";
  }
  ask(other);  // WRONG_DESTINATION
  other = said;
  other.path = "/cpc/fed/v1/no-such-thing";
  ask(other);  // UNRECOGNIZED
  other = said;
  other.method = "POST";
  ask(other);  // METHOD_NOT_ALLOWED
  other = said;
  std::erase_if(other.headers.list, [](const auto& h) { return h.name == "signature"; });
  ask(other);  // MALFORMED
  stage.timers.pass(10min);
  ask(said);  // CLOCK_SKEW
  for (const auto* who : {&stage.alpha, &stage.beta}) {
    federation::HttpRequest document;
    document.method = "GET";
    document.path = federation::document_path;
    static_cast<void>(stage.ask(stage.beta.name(), who->name(), document));
  }
}

/// Two of three sign that both are who they are; then beta.cpc closes.
Bytes directory(const TimePoint now) {
  const std::vector<crypto::SigningKey> keys = [] {
    std::vector<crypto::SigningKey> made;
    for (const char* who : {"one", "two", "three"}) {
      const Bytes seed = crypto::sha256(std::string{"golden directory "} + who).bytes();
      made.push_back(crypto::SigningKey::from_seed(crypto::Seed::from_bytes(seed).value()));
    }
    return made;
  }();
  federation::DirectoryVersion said;
  said.name = "towns";
  said.time = now;
  said.expires = now + std::chrono::hours{24 * 30};
  said.signers.emplace();
  for (const auto& key : keys) said.signers->keys.push_back(key.public_key());
  said.signers->threshold = 2;
  for (const char* text : {"alpha.cpc", "beta.cpc"}) {
    const auto name = core::InstanceName::parse(text).value();
    federation::DirectoryChange change{name, golden_keys(text).ring.iid(), {}, {}};
    change.endpoints.push_back(routing::Endpoint::parse("host.example:8470").value());
    said.changes.push_back(std::move(change));
  }
  const auto sign = [&](federation::DirectoryRecord record) {
    for (const auto& key : {&keys[0], &keys[2]}) sign_record(record, *key);
    return encode_record(record);
  };
  const auto first = federation::make_record(said);
  const Digest id = directory_hash(first).value();
  federation::DirectoryPage page{core::DirectoryId::from_bytes(id.view()).value(), 2, {}};
  page.records.push_back(sign(first));
  federation::SignedDirectory story{page.directory};
  (void)story.take(page.records.front(), now).value();
  said.signers.reset();
  said.changes.erase(said.changes.begin());
  said.changes.front().status = federation::DirectoryStatus::retired;
  said.changes.front().endpoints.clear();
  page.records.push_back(sign(story.propose(said).value()));
  return encode_page(page);
}

int record(const fs::path& to) {
  const tests::TemporaryFolder folder;
  Stage stage{folder.path()};
  begin(stage);
  lose_something(stage, folder.path());
  json kept{{"shown", shown_at_beta(stage)}};
  stage.beta.crash();
  kept["opened_at"] = to_milliseconds(stage.timers.now());
  fs::create_directories(to);
  fs::copy_file(folder / "beta.cpc/store.db", to / "beta.db");

  Transcript spoken;
  stage.network.listener = [&](const sim::Exchanged& one) { spoken.push_back(one); };
  stage.boot_beta();
  stage.timers.pass(5s);
  go_on(stage);
  be_refused(stage, spoken);
  kept["shown_at_the_end"] = shown_at_beta(stage);
  write_file(to / "directory.json", directory(stage.timers.now()) + "\n");
  write_file(to / "transcript.jsonl", encode_transcript(spoken));
  write_file(to / "kept.json", kept.dump(1) + "\n");
  for (const sim::Exchanged& one : spoken) {
    std::printf("%s -> %s %s %s %d\n", one.from.text().c_str(), one.to.text().c_str(),
                one.request.method.c_str(), one.request.path.c_str(), one.reply.status);
  }
  return 0;
}

}  // namespace
}  // namespace cpc::golden

int main(int argc, char** argv) {
  if (argc != 2 || std::filesystem::exists(argv[1])) {
    std::fprintf(stderr, "usage: golden_record FOLDER, which does not exist yet\n");
    return 2;
  }
  return cpc::golden::record(argv[1]);
}
