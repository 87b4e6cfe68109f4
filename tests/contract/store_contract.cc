#include "tests/contract/store_contract.h"

#include "store/table.h"

namespace cpc::contract {
namespace {

class FaultyConnection final : public store::Connection {
 public:
  FaultyConnection(std::unique_ptr<store::Connection> inner, std::shared_ptr<Faults> faults)
      : inner_(std::move(inner)), faults_(std::move(faults)) {}

  Result<> begin(store::Access access) override {
    return around("begin", [&] { return inner_->begin(access); });
  }
  Result<> commit() override {
    return around("commit", [&] { return inner_->commit(); });
  }
  Result<> rollback() override {
    return around("rollback", [&] { return inner_->rollback(); });
  }
  Result<> query(std::string_view sql, store::Parameters parameters,
                 const store::EachRow& each) override {
    return around("query", [&] { return inner_->query(sql, parameters, each); });
  }
  Result<std::int64_t> execute(std::string_view sql, store::Parameters parameters) override {
    return around("execute", [&] { return inner_->execute(sql, parameters); });
  }
  Result<> find_all(const store::Table& table, std::span<const store::SqlRow> keys,
                    const store::EachRow& each) override {
    return around("find " + table.name, [&] { return inner_->find_all(table, keys, each); });
  }
  Result<> upsert_all(const store::Table& table, std::span<const store::SqlRow> rows) override {
    return around("upsert " + table.name, [&] { return inner_->upsert_all(table, rows); });
  }
  Result<> erase_all(const store::Table& table, std::span<const store::SqlRow> keys) override {
    return around("erase " + table.name, [&] { return inner_->erase_all(table, keys); });
  }
  Result<std::vector<std::string>> table_names() override { return inner_->table_names(); }
  Result<> run_script(std::string_view script) override { return inner_->run_script(script); }

 private:
  template <class Call>
  auto around(const std::string& name, const Call& call) -> decltype(call()) {
    ++faults_->calls;
    if (faults_->before) {
      CPC_TRY(faults_->before(name));
    }
    auto result = call();
    if (faults_->after) {
      CPC_TRY(faults_->after(name));
    }
    return result;
  }

  std::unique_ptr<store::Connection> inner_;
  std::shared_ptr<Faults> faults_;
};

}  // namespace

store::Decorate decorated_with(std::shared_ptr<Faults> faults) {
  return [faults](std::unique_ptr<store::Connection> inner) {
    return std::make_unique<FaultyConnection>(std::move(inner), faults);
  };
}

std::function<Result<>(const std::string&)> failing(const std::string& call) {
  return [call](const std::string& name) -> Result<> {
    if (!name.starts_with(call)) return success();
    return fail(ErrorCode::unavailable, "planted: " + call);
  };
}

core::InstanceName instance(const std::string& name) {
  return core::InstanceName::parse(name).value();
}
core::Address address(const std::string& text) {
  return core::Address::parse(text).value();
}

store::Claim claim(std::uint64_t start) {
  return {.instance_name = instance("alpha.cpc"),
          .iid = id_of<core::Iid>(77),
          .new_epoch = id_of<core::StoreEpoch>(start),
          .fence = id_of<store::Fence>(start),
          .master_key = id_of<store::MasterKeyId>(5),
          .now = from_milliseconds(1'000'000)};
}

World::World(const store::CacheLimits& cache) {
  reopen(1, cache);
}

void World::reopen(std::uint64_t start, const store::CacheLimits& cache) {
  store.reset();
  auto opened = engine->open({claim(start), cache, decorated_with(faults)});
  if (!opened) FAIL(opened.error().detail);
  store = std::move(opened).value();
}

store::BatchResult World::run_all(const std::vector<core::Closure>& closures) {
  std::vector<store::Work> works;
  for (const auto& closure : closures) works.push_back({{}, closure});
  auto result = gate().run_batch(works);
  REQUIRE(result.results.size() == works.size());
  return result;
}

Result<> World::run(const core::Closure& closure) {
  return run_all({closure}).results.front();
}

void World::look(const std::function<void(core::Snapshot&)>& at) {
  auto reader = store->open_reader();
  REQUIRE(reader);
  REQUIRE(reader.value()->read([&](core::Snapshot& snapshot) -> Result<> {
    at(snapshot);
    return success();
  }));
}

core::Account account(const std::string& local, std::int64_t requests_sent) {
  core::Account row;
  row.local = local;
  row.requests_sent = requests_sent;
  return row;
}

core::Conversation conversation(std::uint64_t id, const std::string& low, const std::string& high) {
  core::Conversation row;
  row.id = id_of<core::ConversationId>(id);
  row.low = address(low);
  row.high = address(high);
  return row;
}

core::Member member(std::uint64_t conversation, const std::string& person) {
  core::Member row;
  row.conversation = id_of<core::ConversationId>(conversation);
  row.address = address(person);
  row.is_listed = true;
  return row;
}

core::Event ordered(std::uint64_t conversation, std::uint64_t id, std::int64_t seq,
                    const std::string& sender) {
  core::Event row = unordered(conversation, id, seq, sender);
  row.state = core::EventState::ordered;
  row.position = {1, seq};
  return row;
}

core::Event unordered(std::uint64_t conversation, std::uint64_t id, std::int64_t time,
                      const std::string& sender) {
  core::Event row;
  row.conversation = id_of<core::ConversationId>(conversation);
  row.author = id_of<core::Iid>(77);
  row.id = id_of<core::EventId>(id);
  row.type = "message.post";
  row.sender = address(sender);
  row.time = from_milliseconds(time);
  return row;
}

}  // namespace cpc::contract
