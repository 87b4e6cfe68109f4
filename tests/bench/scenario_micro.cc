// `micro`: the parts by themselves, one thread, each for the seconds asked divided among them.

#include <ctime>
#include <memory>

#include "crypto/at_rest.h"
#include "crypto/digest.h"
#include "federation/envelope_codec.h"
#include "federation/strict_json.h"
#include "federation/transaction_codec.h"
#include "store/postgres_store.h"
#include "store/sqlite_store.h"
#include "tests/bench/message_load.h"
#include "tests/bench/scenarios.h"

namespace cpc::bench {
namespace {

constexpr std::size_t parts = 8;
constexpr std::size_t items_per_transaction = 100;
constexpr std::size_t rows_per_batch = 64;

template <class AnyId>
AnyId id_of(const std::string& label) {
  return AnyId::from_bytes(crypto::sha256(label).view().substr(0, AnyId::size)).value();
}

crypto::SigningKey signing_key() {
  return crypto::SigningKey::from_seed(id_of<crypto::Seed>("key"));
}

struct Subject {
  crypto::SigningKey key = signing_key();
  TimePoint now = from_milliseconds(1'800'000'000'000);
  Bytes body = federation::message_body(std::string(MessageLoad::body_bytes, 'x'));
  crypto::MasterKey master = crypto::MasterKey::from_bytes(crypto::sha256("master").view()).value();

  [[nodiscard]] federation::PeerIdentity identity() const {
    federation::PeerIdentity made;
    made.name = core::InstanceName::parse("alpha.cpc").value();
    made.iid = id_of<core::Iid>("alpha");
    made.keys.push_back({key.public_key(), now, now + Milliseconds{1}});
    return made;
  }
  [[nodiscard]] core::VerifiedEnvelope envelope(std::size_t number) const {
    core::EventHeader header;
    header.conversation = id_of<core::WireId>("log");
    header.type = "message.post";
    header.author = id_of<core::Iid>("alpha");
    header.member = id_of<core::MemberId>("anna");
    header.id = id_of<core::EventId>(std::to_string(number));
    header.time = now;
    return federation::EnvelopeCodec::sign(header, body, Bytes(16, 's'), key).value();
  }
  [[nodiscard]] Bytes transaction() const {
    core::Batch batch;
    core::SubmissionPart<core::Envelope> part;
    part.wire_id = id_of<core::WireId>("log");
    part.first = 1;
    for (std::size_t i = 0; i < items_per_transaction; ++i) {
      part.items.push_back(envelope(i).envelope());
    }
    batch.submissions.push_back(std::move(part));
    return federation::encode_batch(batch, {id_of<core::StoreEpoch>("epoch"), 1});
  }
};

/// Operations per second and microseconds of each, called again and again for `seconds`. cpu_us is
/// what the process took, without waiting for the disk or for others on this machine.
class Meter {
 public:
  explicit Meter(double seconds) : seconds_(seconds) {}

  /// `call` does `operations` of them, or says that it failed.
  void measure(const std::string& name, std::size_t operations, const std::function<bool()>& call) {
    std::size_t count = 0;
    const Moment begun = Clock::now();
    const std::clock_t cpu_begun = std::clock();
    double taken = 0;
    do {
      if (!call()) throw std::runtime_error{name + " failed"};
      count += operations;
      taken = std::chrono::duration<double>{Clock::now() - begun}.count();
    } while (taken < seconds_);
    const double cpu = static_cast<double>(std::clock() - cpu_begun) / CLOCKS_PER_SEC;
    const double each = taken / static_cast<double>(count);
    found_[name] = {{"per_second", rounded(1 / each)},
                    {"us", rounded(each * 1e6)},
                    {"cpu_us", rounded(cpu * 1e6 / static_cast<double>(count))}};
    operations_ += count;
  }
  [[nodiscard]] const Report& found() const { return found_; }
  [[nodiscard]] std::size_t operations() const { return operations_; }

 private:
  double seconds_;
  std::size_t operations_ = 0;
  Report found_ = Report::object();
};

void measure_signatures(Meter& meter, const Subject& subject) {
  const Bytes text(400, 't');  // About the header and payload of an envelope.
  const auto signature = subject.key.sign(text);
  meter.measure("sign", 1, [&] { return !subject.key.sign(text).is_zero(); });
  meter.measure("verify", 1, [&] { return subject.key.public_key().verifies(signature, text); });
}

void measure_codecs(Meter& meter, const Subject& subject) {
  const auto identity = subject.identity();
  const Bytes body = subject.transaction();
  const auto count = items_per_transaction;
  meter.measure("envelope_make", 1, [&, i = 0]() mutable {
    return !subject.envelope(static_cast<std::size_t>(++i)).envelope().signature.empty();
  });
  meter.measure("transaction_strict_parse_per_item", count,
                [&] { return federation::parse_strict_json(body).has_value(); });
  meter.measure("transaction_decode_and_verify_per_item", count, [&] {
    const auto read = federation::decode_batch(body, identity, subject.now, count);
    return read && read.value().batch.submissions.at(0).items.size() == count;
  });
}

void measure_rest(Meter& meter, const Subject& subject) {
  const std::string scope(16, 'c');
  const crypto::RestPlace place{"events", "a row's key, as long as such a key is: 64 octets"};
  const Bytes nonce(crypto::rest_nonce_bytes, 'n');  // Nothing that is kept is sealed under it.
  const Bytes sealed = crypto::seal_at_rest(subject.master, scope, place, nonce, subject.body);
  meter.measure("seal_body", 1, [&] {
    return !crypto::seal_at_rest(subject.master, scope, place, nonce, subject.body).empty();
  });
  meter.measure("open_body", 1, [&] {
    return crypto::open_at_rest(subject.master, scope, place, sealed).has_value();
  });
}

core::Event event(const Subject& subject, const core::VerifiedEnvelope& made, std::size_t number) {
  core::Event row;
  row.conversation = id_of<core::ConversationId>("conversation" + std::to_string(number % 50));
  row.author = made.header().author;
  row.id = id_of<core::EventId>(std::to_string(number));
  row.type = made.header().type;
  row.sender = core::Address::parse("anna@alpha.cpc").value();
  row.member = made.header().member;
  row.time = subject.now;
  row.state = core::EventState::ordered;
  row.position = {1, static_cast<std::int64_t>(number)};
  row.hub_time = subject.now;
  row.link = crypto::sha256(row.id.view());
  row.hash = made.hash();
  row.protected_header = made.envelope().protected_header;
  row.payload = made.envelope().payload;
  row.signature = made.envelope().signature;
  row.salt = made.envelope().salt;
  row.sealed_body = Bytes(subject.body.size() + 28, 'b');
  return row;
}

std::unique_ptr<store::Store> open_store(const Options& options, const World& world,
                                         const Subject& subject) {
  store::Claim claim;
  claim.instance_name = core::InstanceName::parse("alpha.cpc").value();
  claim.iid = id_of<core::Iid>("alpha");
  claim.new_epoch = id_of<core::StoreEpoch>("epoch");
  claim.fence = id_of<store::Fence>("fence");
  claim.master_key = store::MasterKeyId::from_bytes(subject.master.id()).value();
  claim.now = subject.now;
  const std::filesystem::path folder = world.folder;
  auto opened = options.engine == "postgres"
                    ? store::open_postgres_store({world.postgres->micro_dsn, folder, claim})
                    : store::open_sqlite_store({folder / "micro.db", claim});
  if (!opened) throw std::runtime_error{"no store: " + opened.error().detail};
  return std::move(opened).value();
}

void measure_store(Meter& meter, store::Store& store, const Subject& subject) {
  const auto made = subject.envelope(0);
  std::size_t number = 0;
  meter.measure("store_rows_in_durable_sets", rows_per_batch, [&] {
    std::vector<store::Work> batch;
    for (std::size_t i = 0; i < rows_per_batch; ++i) {
      const core::Event row = event(subject, made, ++number);
      batch.push_back({{}, [row](core::Transaction& tx) -> Result<> {
                         tx.put(row);
                         return success();
                       }});
    }
    return store.gate().run_batch(batch).has_committed;
  });
}

}  // namespace

Report run_micro(const Options& options) {
  World::Wishes wishes;  // No daemon; a folder on the disk, and the server where one is needed.
  wishes.engine = options.engine;
  wishes.folder = options.folder;
  const World world{wishes};
  const Subject subject;
  const Moment begun = Clock::now();
  Meter meter{options.seconds / static_cast<double>(parts)};
  measure_signatures(meter, subject);
  measure_codecs(meter, subject);
  measure_rest(meter, subject);
  const auto store = open_store(options, world, subject);
  measure_store(meter, *store, subject);

  Report report;
  report["messages"] = 0;
  report["operations"] = meter.operations();
  report["seconds"] = rounded(std::chrono::duration<double>{Clock::now() - begun}.count());
  report["durability"] = store->facts().durability;
  report["items_per_transaction"] = items_per_transaction;
  report["rows_per_set"] = rows_per_batch;
  report["micro"] = meter.found();
  report["valid"] = true;
  return report;
}

}  // namespace cpc::bench
