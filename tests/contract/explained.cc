#include "tests/contract/explained.h"

#include "store/snapshot.h"
#include "store/table.h"
#include "tests/support/forwarding_connection.h"

namespace cpc::contract {
namespace {

class ExplainingConnection final : public tests::ForwardingConnection {
 public:
  ExplainingConnection(std::unique_ptr<store::Connection> inner, std::string explain,
                       std::vector<Plan>& plans)
      : ForwardingConnection(std::move(inner)), explain_(std::move(explain)), plans_(plans) {}

  Result<> query(std::string_view sql, store::Parameters parameters,
                 const store::EachRow& each) override {
    explain(sql, parameters);
    return ForwardingConnection::query(sql, parameters, each);
  }
  Result<std::int64_t> execute(std::string_view sql, store::Parameters parameters) override {
    explain(sql, parameters);
    return ForwardingConnection::execute(sql, parameters);
  }
  Result<> find_all(const store::Table& table, std::span<const store::SqlRow> keys,
                    const store::EachRow& each) override {
    explain(table.find, keys.front());
    return ForwardingConnection::find_all(table, keys, each);
  }

 private:
  void explain(std::string_view sql, store::Parameters parameters) {
    Plan& plan = plans_.emplace_back();
    plan.sql = sql;
    const auto note_step = [&](store::SqlRow& row) -> Result<> {
      plan.steps.push_back(std::get<std::string>(row.back()));
      return success();
    };
    REQUIRE(ForwardingConnection::query(explain_ + " " + plan.sql, parameters, note_step));
  }

  std::string explain_;
  std::vector<Plan>& plans_;
};

}  // namespace

std::vector<Plan> explained_plans(std::unique_ptr<store::Connection> connection,
                                  const std::string& explain) {
  std::vector<Plan> plans;
  const core::Address ann = address("ann@alpha.cpc");
  store::Reader reader{
      std::make_unique<ExplainingConnection>(std::move(connection), explain, plans)};
  const auto chat = id_of<core::ConversationId>(1);
  const auto beta = instance("beta.cpc");
  core::Snapshot::MessageRange forwards, backwards;
  forwards.conversation = backwards.conversation = chat;
  forwards.person = backwards.person = ann;
  forwards.after = ordered(1, 1, 1, "ann@alpha.cpc").key();
  REQUIRE(reader.read([&](core::Snapshot& s) -> Result<> {
    CPC_TRY(s.last_n());
    CPC_TRY(s.owing_peers());
    CPC_TRY(s.owing_lanes(beta, 10));
    CPC_TRY(s.lanes_of(beta, 10));
    CPC_TRY(s.next_hub(beta));
    CPC_TRY(s.copies_of(beta, chat, 10));
    CPC_TRY(s.evidence_of(beta, 10));
    CPC_TRY(s.evidence_ages({beta, 1}, 10));
    CPC_TRY(s.entries_after(chat, {}, 10));
    CPC_TRY(s.submissions_after(chat, 0, 10));
    CPC_TRY(s.frames_after(beta, 0, 10));
    CPC_TRY(s.inbox_frames(10));
    CPC_TRY(s.signable_drafts(10));
    CPC_TRY(s.drafts_before(from_milliseconds(1), 10));
    CPC_TRY(s.conversations_of(ann, 0, 10));
    CPC_TRY(s.members_of(chat));
    CPC_TRY(s.messages(forwards));
    CPC_TRY(s.messages(backwards));
    CPC_TRY(s.requests_of("ann", true, 0, 10));
    CPC_TRY(s.requests_of("ann", false, 9, 10));
    CPC_TRY(s.consents_of("ann", core::ConsentKey{}, 10));
    CPC_TRY(s.consents_of_type("ann", core::ConsentType::cross_instance, 10));
    CPC_TRY(s.changes(ann, 0, 10));
    CPC_TRY(s.changes_in({chat}, ann, 0, 10, 10));
    CPC_TRY(s.accounts("", 10));
    CPC_TRY(s.peers(10));
    CPC_TRY(s.directories(10));
    CPC_TRY(s.directory_records(id_of<core::DirectoryId>(1), 1, 10));
    CPC_TRY(s.owed_count(beta));
    return success();
  }));
  return plans;
}

}  // namespace cpc::contract
