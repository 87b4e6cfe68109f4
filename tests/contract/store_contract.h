// What every storage engine promises, told once. Each engine's program is made of the *_contract.cc
// files and one <engine>_contract_test.cc that defines make_engine().
//
// The faults come from outside: FaultyConnection lies around the writing connection.
#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

namespace cpc::contract {

/// One store on one engine, empty at first; may be opened again and again.
class Engine {
 public:
  virtual ~Engine() = default;
  struct Wishes {
    store::Claim claim;
    store::CacheLimits cache = {};
    store::Decorate decorate = {};
  };
  virtual Result<std::unique_ptr<store::Store>> open(const Wishes& wishes) = 0;
  /// A bare connection beside the open store, to look and to meddle.
  virtual std::unique_ptr<store::Connection> connect() = 0;
  /// Keeps a copy of the closed store as it is, and puts that copy back.
  virtual void back_up() = 0;
  virtual void restore() = 0;
};

std::unique_ptr<Engine> make_engine();

/// Called before and after every call of the writing connection, named "begin", "commit",
/// "rollback", "execute", "query", "upsert accounts", "erase frames", "find peers". An error is
/// what the caller gets: from `before` the call is not made, from `after` it was.
struct Faults {
  std::function<Result<>(const std::string& call)> before;
  std::function<Result<>(const std::string& call)> after;
  int calls = 0;
};
store::Decorate decorated_with(std::shared_ptr<Faults> faults);
/// Fails every call that begins with `call`.
std::function<Result<>(const std::string&)> failing(const std::string& call);

/// Never the same two bytes for two numbers.
template <class AnyId>
AnyId id_of(std::uint64_t number) {
  AnyId id;
  for (std::size_t i = 0; i < 7; ++i) {
    id.octets[AnyId::size - 1 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  id.octets[0] = 0xc0;
  return id;
}

core::InstanceName instance(const std::string& name);
core::Address address(const std::string& text);  ///< "ann@alpha.cpc"
store::Claim claim(std::uint64_t start = 1);     ///< alpha.cpc; epoch and fence made from `start`

/// A store that is open, on an engine of its own.
struct World {
  std::unique_ptr<Engine> engine = make_engine();
  std::unique_ptr<store::Store> store;
  std::shared_ptr<Faults> faults = std::make_shared<Faults>();

  explicit World(const store::CacheLimits& cache = {});
  void reopen(std::uint64_t start, const store::CacheLimits& cache = {});

  store::Gate& gate() { return store->gate(); }
  store::BatchResult run_all(const std::vector<core::Closure>& closures);
  Result<> run(const core::Closure& closure);
  /// Puts the rows in one closure; requires success.
  template <class... Rows>
  void put(const Rows&... rows) {
    REQUIRE(run([&](core::Transaction& tx) -> Result<> {
      (tx.put(rows), ...);
      return success();
    }));
  }
  void look(const std::function<void(core::Snapshot&)>& at);
  /// As committed.
  template <class Row>
  std::optional<Row> committed(const typename Row::Key& key) {
    std::optional<Row> found;
    look([&](core::Snapshot& snapshot) { found = snapshot.find(key).value(); });
    return found;
  }
};

// Rows with the fields that matter; everything else is as made by default.
core::Account account(const std::string& local, std::int64_t requests_sent = 0);
core::Conversation conversation(std::uint64_t id, const std::string& low, const std::string& high);
core::Member member(std::uint64_t conversation, const std::string& person);
core::Event ordered(std::uint64_t conversation, std::uint64_t id, std::int64_t seq,
                    const std::string& sender);
core::Event unordered(std::uint64_t conversation, std::uint64_t id, std::int64_t time,
                      const std::string& sender);

}  // namespace cpc::contract
