// Signed directories as an instance holds them: followed over the network, taken from files, passed
// on, and believed no further than their signatures go.

#include "federation/directory_book.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "federation/directory_server.h"
#include "federation/strict_json.h"
#include "tests/unit/federation_peers/world.h"

namespace cpc::tests {
namespace {

using federation::DirectoryBook;
using federation::DirectoryChange;
using federation::DirectoryPage;
using federation::DirectoryStatus;
using federation::DirectoryWord;

/// Two people who sign together, and what they have said.
struct Signers {
  explicit Signers(TimePoint began, const std::string& name = "towns") : said({}) {
    federation::DirectoryVersion first;
    first.name = name;
    first.time = began;
    first.expires = began + 24h * 30;
    first.signers = federation::DirectorySigners{{}, 2};
    for (const char* who : {"ann", "bob"}) {
      first.signers->keys.push_back(Side::key(who).public_key());
    }
    const auto record = federation::make_record(first);
    const Digest hash = federation::directory_hash(record).value();
    said = federation::SignedDirectory{core::DirectoryId::from_bytes(hash.view()).value()};
    sign(record);
  }
  static DirectoryChange change(const std::string& name, const std::string& iid,
                                DirectoryStatus status = DirectoryStatus::active) {
    return {instance_name(name), id_of<core::Iid>(iid), status, {}};
  }
  void say(std::vector<DirectoryChange> changes, Milliseconds life = 24h * 30) {
    federation::DirectoryVersion next;
    next.time = said.time() + 1ms;
    next.expires = next.time + life;
    next.changes = std::move(changes);
    sign(said.propose(next).value());
  }
  [[nodiscard]] DirectoryPage page(std::size_t from = 0) const {
    DirectoryPage page{said.id(), said.version(), {}};
    page.records.assign(records.begin() + static_cast<std::ptrdiff_t>(from), records.end());
    return page;
  }
  federation::SignedDirectory said;
  std::vector<Bytes> records;

 private:
  void sign(federation::DirectoryRecord record) {
    for (const char* who : {"ann", "bob"}) federation::sign_record(record, Side::key(who));
    records.push_back(federation::encode_record(record));
    if (said.take(records.back(), federation::json_time_max - 24h).value() !=
        federation::SignedDirectory::Taken::next) {
      std::abort();
    }
  }
};

/// The book of one instance, and what answers where it asks.
struct Reader : World {
  Reader() { open(); }
  void open() {
    book = std::make_unique<DirectoryBook>(
        DirectoryBook::Parts{network, alpha.gate, alpha.timers, alpha.pool, alpha.log,
                             [this](core::InstanceName name) -> Task<federation::LinkTarget> {
                               co_return co_await alpha.directory->target_of(std::move(name));
                             }});
    if (!run(book->load())) std::abort();
  }
  Result<DirectoryBook::News> take(DirectoryPage page) { return run(book->take(std::move(page))); }
  Result<> follow(DirectoryBook::Source source = {}) {
    return run(book->follow(towns.said.id(), std::move(source)));
  }
  [[nodiscard]] const DirectoryBook::Held& held() const { return book->held().at(towns.said.id()); }
  [[nodiscard]] DirectoryWord word(const std::string& name) const {
    return book->word_on(instance_name(name));
  }
  Signers towns{timers.now()};
  std::unique_ptr<DirectoryBook> book;
};

/// A book, and a second one from whose instance it is fetched.
struct Network2 : Reader {
  Network2() {
    source = std::make_unique<DirectoryBook>(
        DirectoryBook::Parts{network, beta.gate, beta.timers, beta.pool, beta.log, {}});
    server = std::make_unique<federation::DirectoryServer>(*source, beta.timers);
    REQUIRE(run(source->follow(towns.said.id(), {std::nullopt, {}, true})));
    const auto documents = beta.host().answer;
    beta.host().answer = [this, documents](federation::HttpRequest request) {
      if (!federation::DirectoryServer::serves(request.path)) return documents(std::move(request));
      return server->handle(std::move(request), "192.0.2.1");
    };
    REQUIRE(follow({beta.home.name, {}, false}));
  }
  Result<DirectoryBook::News> refresh() { return run(book->refresh(towns.said.id())); }
  void publish() { REQUIRE(run(source->take(towns.page()))); }
  federation::HttpReply ask(const std::string& path, const std::string& query,
                            const std::string& method = "GET") {
    federation::HttpRequest request;
    request.method = method;
    request.path = path;
    request.query = query;
    const auto reply = [](federation::DirectoryServer& of,
                          federation::HttpRequest what) -> Task<federation::HttpReply> {
      co_return co_await of.handle(std::move(what), "other");
    };
    return run(reply(*server, std::move(request))).value();
  }
  std::unique_ptr<DirectoryBook> source;
  std::unique_ptr<federation::DirectoryServer> server;
};

TEST_CASE("a directory from a file says who its names are, also after a restart") {
  Reader reader;
  reader.towns.say({Signers::change("beta.cpc", "beta")});
  CHECK(failure_of(reader.take(reader.towns.page())) == ErrorCode::not_found);
  REQUIRE(reader.follow());
  CHECK(reader.word("beta.cpc").state == DirectoryWord::State::silent);
  const auto news = reader.take(reader.towns.page());
  REQUIRE(news);
  CHECK((news.value().before == 0 && news.value().after == 2));
  for (int life = 0; life < 2; ++life) {
    const DirectoryWord word = reader.word("beta.cpc");
    CHECK(word.state == DirectoryWord::State::active);
    CHECK(word.claim.iid == id_of<core::Iid>("beta"));
    CHECK(word.claim.trust == core::Trust::directory);
    CHECK(word.claim.source == "directory towns");
    CHECK(reader.held().row.version == 2);
    CHECK(reader.book->find("towns") == &reader.held());
    CHECK(reader.book->find(to_text(reader.towns.said.id())) == &reader.held());
    reader.open();
  }
  const auto again = reader.take(reader.towns.page());
  REQUIRE(again);
  CHECK((again.value().before == 2 && again.value().after == 2));
}

TEST_CASE("what a page has beyond a record that does not hold is not taken, what is before it is") {
  Reader reader;
  REQUIRE(reader.follow());
  reader.towns.say({Signers::change("beta.cpc", "beta")});
  reader.towns.say({Signers::change("gamma.cpc", "gamma")});
  DirectoryPage page = reader.towns.page();
  auto unsigned_record = federation::decode_record(page.records[1]).value();
  unsigned_record.signatures.pop_back();
  page.records[1] = federation::encode_record(unsigned_record);
  CHECK(failure_of(reader.take(page)) == ErrorCode::denied);
  CHECK(reader.held().said.version() == 1);
  reader.open();
  CHECK(reader.held().said.version() == 1);
  CHECK(failure_of(reader.take(reader.towns.page(2))) == ErrorCode::not_found);
  CHECK(reader.take(reader.towns.page(1)));
  CHECK(reader.held().said.version() == 3);
}

TEST_CASE("news that the disk does not take is not believed") {
  Reader reader;
  REQUIRE(reader.follow());
  reader.alpha.gate.failures = 1;
  CHECK(failure_of(reader.take(reader.towns.page())) == ErrorCode::unavailable);
  CHECK(reader.held().said.version() == 0);
  CHECK(reader.take(reader.towns.page()));
}

TEST_CASE("a directory past its date is silent, and so is one that was dropped") {
  Reader reader;
  REQUIRE(reader.follow());
  reader.towns.say({Signers::change("beta.cpc", "beta")}, 1h);
  REQUIRE(reader.take(reader.towns.page()));
  CHECK(reader.word("beta.cpc").state == DirectoryWord::State::active);
  reader.timers.pass(61min);
  CHECK(reader.word("beta.cpc").state == DirectoryWord::State::silent);
  CHECK_FALSE(reader.book->mentions_of(instance_name("beta.cpc")).front().is_current);

  reader.towns.say({});
  REQUIRE(reader.take(reader.towns.page()));
  CHECK(reader.word("beta.cpc").state == DirectoryWord::State::active);
  REQUIRE(reader.run(reader.book->drop(reader.towns.said.id())));
  CHECK(reader.word("beta.cpc").state == DirectoryWord::State::silent);
  reader.open();
  CHECK(reader.book->held().empty());
  const auto rows = snapshot_of(reader.alpha.gate.store);
  CHECK(rows->directory_records(reader.towns.said.id(), 0, 10).value().empty());
}

TEST_CASE("directories together: closed is final, removed is silence, two iids are a contest") {
  using State = DirectoryWord::State;
  const struct {
    DirectoryStatus here, there;
    std::string iid_there;
    State state;
    bool is_closed;
  } cases[] = {
      {DirectoryStatus::active, DirectoryStatus::active, "beta", State::active, false},
      {DirectoryStatus::active, DirectoryStatus::removed, "beta", State::active, false},
      {DirectoryStatus::removed, DirectoryStatus::active, "beta", State::active, false},
      {DirectoryStatus::removed, DirectoryStatus::removed, "beta", State::gone, false},
      {DirectoryStatus::active, DirectoryStatus::retired, "beta", State::gone, true},
      {DirectoryStatus::retired, DirectoryStatus::active, "beta", State::gone, true},
      {DirectoryStatus::retired, DirectoryStatus::removed, "beta", State::gone, true},
      {DirectoryStatus::active, DirectoryStatus::active, "other", State::contested, false},
      {DirectoryStatus::active, DirectoryStatus::removed, "other", State::contested, false},
  };
  for (const auto& one : cases) {
    Reader reader;
    Signers clubs{reader.timers.now(), "clubs"};
    reader.towns.say({Signers::change("beta.cpc", "beta", one.here)});
    clubs.say({Signers::change("beta.cpc", one.iid_there, one.there)});
    REQUIRE(reader.follow());
    REQUIRE(reader.take(reader.towns.page()));
    REQUIRE(reader.run(reader.book->follow(clubs.said.id(), {})));
    REQUIRE(reader.take(clubs.page()));
    CHECK(reader.word("beta.cpc").state == one.state);
    CHECK(reader.word("beta.cpc").is_closed == one.is_closed);
    CHECK(reader.word("beta.cpc").claim.iid.has_value() == (one.state == State::active));
    CHECK(reader.book->mentions_of(instance_name("beta.cpc")).size() == 2);
  }
}

TEST_CASE("two directories that know a name tell together where it is") {
  for (const bool is_first : {true, false}) {
    Reader reader;
    Signers clubs{reader.timers.now(), "clubs"};
    DirectoryChange with_place = Signers::change("beta.cpc", "beta");
    with_place.endpoints = {{"192.0.2.7", 8470}};
    DirectoryChange without = Signers::change("beta.cpc", "beta");
    reader.towns.say({is_first ? with_place : without});
    clubs.say({is_first ? without : with_place});
    REQUIRE(reader.follow());
    REQUIRE(reader.take(reader.towns.page()));
    REQUIRE(reader.run(reader.book->follow(clubs.said.id(), {})));
    REQUIRE(reader.take(clubs.page()));
    CHECK(reader.word("beta.cpc").claim.endpoints == with_place.endpoints);
  }
}

TEST_CASE("a split view is told, kept, and ends the news until the directory is dropped") {
  Reader reader;
  REQUIRE(reader.follow());
  Signers other = reader.towns;
  reader.towns.say({Signers::change("beta.cpc", "beta")});
  other.say({Signers::change("beta.cpc", "mallory")});
  REQUIRE(reader.take(reader.towns.page()));
  CHECK(failure_of(reader.take(other.page())) == ErrorCode::conflict);
  CHECK(reader.alpha.log.count(
            "two stories are told of a directory; no news of it is taken any more") == 1);
  reader.towns.say({Signers::change("gamma.cpc", "gamma")});
  for (int life = 0; life < 2; ++life) {
    CHECK(failure_of(reader.take(reader.towns.page())) == ErrorCode::conflict);
    CHECK(reader.held().row.rival == other.records[1]);
    CHECK(reader.word("beta.cpc").claim.iid == id_of<core::Iid>("beta"));
    CHECK(reader.word("gamma.cpc").state == DirectoryWord::State::silent);
    reader.open();
  }
  REQUIRE(reader.run(reader.book->drop(reader.towns.said.id())));
  REQUIRE(reader.follow());
  CHECK(reader.take(reader.towns.page()));
}

TEST_CASE("news is fetched from a peer page by page, and only what is new") {
  Network2 world;
  for (int i = 0; i < 40; ++i) world.towns.say({});
  world.publish();
  const auto all = world.refresh();
  REQUIRE(all);
  CHECK((all.value().before == 0 && all.value().after == 41 && all.value().offered == 41));
  CHECK(world.beta.host().requests == 2);
  CHECK(world.held().row.asked_at == world.timers.now());
  world.towns.say({Signers::change("gamma.cpc", "gamma")});
  world.publish();
  REQUIRE(world.refresh());
  CHECK(world.beta.host().requests == 3);
  CHECK(world.beta.host().last.query == "since=40");
  CHECK(world.word("gamma.cpc").state == DirectoryWord::State::active);
}

TEST_CASE(
    "an older directory than ours is passed over and told, another one of equal height seen") {
  Network2 world;
  Signers other = world.towns;
  world.publish();
  world.towns.say({Signers::change("beta.cpc", "beta")});
  REQUIRE(world.take(world.towns.page()));
  REQUIRE(world.refresh());
  CHECK(world.held().said.version() == 2);
  CHECK(world.alpha.log.count(
            "an older version of a directory than ours is served, and passed over") == 1);
  other.say({});
  REQUIRE(world.run(world.source->take(other.page())));
  CHECK(failure_of(world.refresh()) == ErrorCode::conflict);
  CHECK(world.held().trouble.find("two stories") != std::string::npos);
  CHECK_FALSE(world.held().row.rival.empty());
}

TEST_CASE("who says that there is news and gives none does not look like one who has none") {
  Network2 world;
  world.publish();
  REQUIRE(world.refresh());
  DirectoryPage page = world.towns.page();
  page.version = 9;
  const Bytes text = federation::encode_page(page);
  world.beta.host().answer =
      [text](federation::HttpRequest) -> asio::awaitable<federation::HttpReply> {
    co_return federation::HttpReply{200, {}, text};
  };
  CHECK(failure_of(world.refresh()) == ErrorCode::unavailable);
  CHECK(world.held().trouble == "it says that it holds version 9, and gives only 1");
}

TEST_CASE("all that have a source are asked each hour, and one that does not answer stops none") {
  Network2 world;
  Signers clubs{world.timers.now(), "clubs"};
  REQUIRE(world.run(world.book->follow(
      clubs.said.id(),
      {instance_name("nowhere.cpc"), {routing::Endpoint::parse("n.test:1").value()}, false})));
  world.network.hosts[instance_name("nowhere.cpc")].is_up = false;
  world.publish();
  boost::asio::cancellation_signal stop;
  boost::asio::co_spawn(world.io, world.book->run(),
                        boost::asio::bind_cancellation_slot(stop.slot(), boost::asio::detached));
  world.timers.pass(1min);
  CHECK(world.held().said.version() == 1);
  world.towns.say({});
  world.publish();
  world.timers.pass(58min);
  CHECK(world.held().said.version() == 1);
  world.timers.pass(2min);
  CHECK(world.held().said.version() == 2);
  CHECK_FALSE(world.book->find("clubs"));
  CHECK_FALSE(world.book->held().at(clubs.said.id()).trouble.empty());
  stop.emit(boost::asio::cancellation_type::terminal);
  world.timers.settle();
}

TEST_CASE("a directory is served to anybody who asks in order, if it is meant to be") {
  Network2 world;
  world.publish();
  const std::string path = std::string{DirectoryBook::path} + to_text(world.towns.said.id());
  const auto served = world.ask(path, "since=0");
  CHECK(served.status == 200);
  CHECK(served.headers.find("content-type") == DirectoryBook::page_type);
  CHECK(federation::decode_page(served.body, served.body.size(), 32).value().records ==
        world.towns.records);
  CHECK(world.ask(path, "").status == 200);
  CHECK(federation::decode_page(world.ask(path, "since=1").body, 1024, 1).value().records.empty());
  for (const char* query : {"since=", "since=-1", "since=x", "since=1&x=2", "since=1234567890"}) {
    CHECK(world.ask(path, query).status == 400);
  }
  CHECK(world.ask(std::string{DirectoryBook::path} + "x", "").status == 400);
  CHECK(world.ask(path, "", "POST").status == 405);
  const std::string unknown = to_text(id_of<core::DirectoryId>("unknown"));
  CHECK(world.ask(std::string{DirectoryBook::path} + unknown, "").status == 404);
  REQUIRE(world.run(world.source->follow(world.towns.said.id(), {})));
  CHECK(world.ask(path, "").status == 404);
}

TEST_CASE("one address is answered so often and no oftener, and others all the same") {
  Network2 world;
  world.publish();
  const std::string path = std::string{DirectoryBook::path} + to_text(world.towns.said.id());
  const auto most = federation::DirectoryServer::requests_per_address.at_once_max;
  for (std::size_t i = 0; i < most; ++i) CHECK(world.ask(path, "").status == 200);
  CHECK(world.ask(path, "").status == 503);
  CHECK(world.refresh());
  world.timers.pass(1s);
  CHECK(world.ask(path, "").status == 200);
}

TEST_CASE("a directory may be dropped while its source is looked for") {
  Reader reader;
  Side& alpha = reader.alpha;
  const auto slowly = [&](core::InstanceName name) -> Task<federation::LinkTarget> {
    co_await alpha.timers.sleep_until(alpha.timers.steady_now() + 1s);
    co_return co_await alpha.directory->target_of(std::move(name));
  };
  DirectoryBook book{DirectoryBook::Parts{reader.network, alpha.gate, alpha.timers, alpha.pool,
                                          alpha.log, slowly}};
  const core::DirectoryId id = reader.towns.said.id();
  REQUIRE(reader.run(book.follow(id, {reader.beta.home.name, {}, false})));
  const auto news = reader.begin(book.refresh(id));
  REQUIRE(reader.run(book.drop(id)));
  reader.timers.pass(5s);
  REQUIRE(news->has_value());
  CHECK(failure_of(**news) == ErrorCode::not_found);
}

}  // namespace
}  // namespace cpc::tests
