#include "store/postgres_session.h"

#include <algorithm>
#include <charconv>

namespace cpc::store {
namespace {

/// Held by the writing session of the daemon that owns the store: "cpcd", and the schema it lies
/// in, so that one database may hold several stores.
constexpr char take_lock_sql[] = "SELECT pg_advisory_lock(1668309860, hashtext(current_schema()))";
constexpr char lock_holder_sql[] = R"sql(
  SELECT activity.application_name || ' on ' || coalesce(host(activity.client_addr), 'this machine')
         || ' (server process ' || activity.pid || ')'
    FROM pg_locks JOIN pg_stat_activity AS activity ON activity.pid = pg_locks.pid
   WHERE locktype = 'advisory' AND granted AND classid = 1668309860
     AND CAST(objid AS bigint) = CAST(hashtext(current_schema()) AS bigint) & 4294967295
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)sql";

/// How long we wait, plans (postgres_database.h), and what a commit means. An operator who chose
/// more than "on" (that a standby has applied it) keeps that.
constexpr char set_up_sql[] = R"sql(
  SET statement_timeout = 30000;
  SET lock_timeout = 5000;
  SET idle_in_transaction_session_timeout = 60000;
  SET enable_seqscan = off;
  SET enable_bitmapscan = off;
  SET enable_sort = off;
  SET enable_hashjoin = off;
  SET enable_mergejoin = off;
  SET jit = off;
  SET plan_cache_mode = force_generic_plan;
  SELECT set_config('synchronous_commit',
                    CASE current_setting('synchronous_commit')
                         WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)
)sql";
static_assert(statement_timeout_ms == 30'000 && lock_timeout_ms == 5'000);

struct ServerSetting {
  const char* name;
  const char* wanted;
  const char* also = nullptr;
};
constexpr ServerSetting server_settings[] = {
    {"fsync", "on"},
    {"full_page_writes", "on"},
    {"synchronous_commit", "on", "remote_apply"},
    {"data_sync_retry", "off"},
    {"server_encoding", "UTF8"},
};
constexpr char standby_sql[] =
    "SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'primary' END";

/// SQLSTATEs.
constexpr std::string_view lock_not_available = "55P03";
bool passes(std::string_view sqlstate) {
  return sqlstate == "40001" || sqlstate == "40P01";
}
/// Its message would repeat a value: data exceptions and broken constraints.
bool tells_values(std::string_view sqlstate) {
  return sqlstate.starts_with("22") || sqlstate.starts_with("23");
}

/// "INSERT INTO accounts": enough to know which one it was.
std::string name_of(std::string_view sql) {
  std::string name{sql.substr(0, sql.find('('))};
  std::replace(name.begin(), name.end(), '\n', ' ');
  return name.substr(0, 80);
}

/// libpq's words, which have lines, tabs and an end of their own.
std::string one_line(std::string text) {
  std::erase(text, '\t');
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
  return text;
}

std::string field_of(const PostgresAnswer& answer, int field) {
  const char* const text = PQresultErrorField(answer.raw(), field);
  return text == nullptr ? std::string{} : std::string{text};
}

bool is_good(const PostgresAnswer& answer) {
  const ExecStatusType status = PQresultStatus(answer.raw());
  return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

}  // namespace

Result<> PostgresAnswer::each(const EachRow& each) const {
  const int rows = PQntuples(raw()), columns = PQnfields(raw());
  SqlRow values;
  for (int row = 0; row < rows; ++row) {
    values.clear();
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(raw(), row, column) != 0) {
        values.emplace_back();
        continue;
      }
      const auto size = static_cast<std::size_t>(PQgetlength(raw(), row, column));
      CPC_TRY(auto value,
              from_postgres(PQftype(raw(), column), {PQgetvalue(raw(), row, column), size}));
      values.push_back(std::move(value));
    }
    CPC_TRY(each(values));
  }
  return success();
}

std::int64_t PostgresAnswer::rows_changed() const {
  const std::string_view count = PQcmdTuples(raw());
  std::int64_t rows = 0;
  std::from_chars(count.data(), count.data() + count.size(), rows);  // Empty: none.
  return rows;
}

std::string PostgresAnswer::text(int column) const {
  return PQntuples(raw()) == 0 ? std::string{} : std::string{PQgetvalue(raw(), 0, column)};
}

PostgresSession::PostgresSession(const std::string& dsn) : connection_(PQconnectdb(dsn.c_str())) {
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
}

Result<std::unique_ptr<PostgresSession>> PostgresSession::open(const Wishes& wishes) {
  std::unique_ptr<PostgresSession> session{new PostgresSession{wishes.dsn}};
  if (PQstatus(session->connection_.get()) != CONNECTION_OK) {
    return fail(
        ErrorCode::unavailable,
        "cannot connect to PostgreSQL: " + one_line(PQerrorMessage(session->connection_.get())) +
            ". Check that the server runs, and the connection string in "
            "storage.postgres_dsn_file");
  }
  if (const auto set_up = session->set_up(wishes.access); !set_up) {
    return fail(ErrorCode::unavailable, set_up.error().detail);
  }
  if (wishes.takes_lock) {
    CPC_TRY(session->take_lock());
  }
  return session;
}

Result<> PostgresSession::set_up(Access access) {
  CPC_TRY(run_script(set_up_sql));
  if (access == Access::read) {
    CPC_TRY(run_script("SET default_transaction_read_only = on"));
  }
  return check_settings();
}

Result<> PostgresSession::check_settings() {
  CPC_TRY(const auto role, run(standby_sql, {}));
  if (role.text(0) == "standby") {
    return fail(ErrorCode::unavailable,
                "this PostgreSQL server is a standby and takes no writes; name the primary in "
                "storage.postgres_dsn_file");
  }
  for (const ServerSetting& setting : server_settings) {
    CPC_TRY(const auto found,
            run("SELECT current_setting($1)", {to_postgres(SqlValue{std::string{setting.name}})}));
    const std::string value = found.text(0);
    if (value == setting.wanted || (setting.also != nullptr && value == setting.also)) continue;
    return fail(ErrorCode::unavailable,
                std::string{"the PostgreSQL server has "} + setting.name + " = " + value +
                    ", and cpcd needs " + setting.wanted +
                    ", because what it has acknowledged must survive a crash and read as it was "
                    "written. Change the server's configuration, or use another database");
  }
  return success();
}

Result<> PostgresSession::take_lock() {
  const auto taken = run(take_lock_sql, {});
  if (taken) return success();
  const bool is_held = taken.error().detail.find(lock_not_available) != std::string::npos;
  if (is_held) return lock_is_taken();
  return fail(ErrorCode::unavailable, taken.error().detail);
}

Error PostgresSession::lock_is_taken() {
  const auto found = run(lock_holder_sql, {});
  std::string holder = found ? found.value().text(0) : std::string{};
  if (holder.empty()) holder = "another session";
  return fail(ErrorCode::conflict, "the store is already open: " + holder +
                                       " holds the lock of this database. One store has one "
                                       "daemon; stop that one first");
}

Result<std::string> PostgresSession::prepared(std::string_view sql,
                                              const std::vector<PostgresValue>& parameters) {
  const auto known = prepared_.find(sql);
  if (known != prepared_.end()) return known->second;
  std::vector<Oid> types;
  types.reserve(parameters.size());
  for (const PostgresValue& parameter : parameters) types.push_back(parameter.type);
  const std::string name = "s" + std::to_string(prepared_.size()), text{sql};
  const PostgresAnswer answer{PQprepare(connection_.get(), name.c_str(), text.c_str(),
                                        static_cast<int>(types.size()), types.data())};
  if (!is_good(answer)) return refused(sql, answer);
  return prepared_.emplace(text, name).first->second;
}

Result<PostgresAnswer> PostgresSession::run(std::string_view sql,
                                            const std::vector<PostgresValue>& parameters) {
  CPC_TRY(const std::string name, prepared(sql, parameters));
  std::vector<const char*> values;
  std::vector<int> lengths, formats(parameters.size(), 1);  // 1 is binary.
  for (const PostgresValue& parameter : parameters) {
    values.push_back(parameter.is_null ? nullptr : parameter.octets.data());
    lengths.push_back(static_cast<int>(parameter.octets.size()));
  }
  PostgresAnswer answer{PQexecPrepared(connection_.get(), name.c_str(),
                                       static_cast<int>(values.size()), values.data(),
                                       lengths.data(), formats.data(), 1)};
  if (!is_good(answer)) return refused(sql, answer);
  return answer;
}

Result<> PostgresSession::run_script(const std::string& script) {
  const PostgresAnswer answer{PQexec(connection_.get(), script.c_str())};
  if (is_good(answer)) return success();
  return refused("a script", answer);
}

Error PostgresSession::refused(std::string_view sql, const PostgresAnswer& answer) {
  const std::string state = field_of(answer, PG_DIAG_SQLSTATE);
  const std::string severity = field_of(answer, PG_DIAG_SEVERITY_NONLOCALIZED);
  // An error without a state is libpq's own. It calls a connection bad only at the next attempt,
  // when the other side's end is met while writing.
  is_lost_ = is_lost_ || state.empty() || severity == "FATAL" || severity == "PANIC" ||
             PQstatus(connection_.get()) != CONNECTION_OK;
  std::string words = field_of(answer, PG_DIAG_MESSAGE_PRIMARY);
  if (words.empty()) words = one_line(PQerrorMessage(connection_.get()));
  if (tells_values(state)) words = "it does not take such a value";
  if (!state.empty()) words += " (SQLSTATE " + state + ")";
  return fail(is_lost() || passes(state) ? ErrorCode::conflict : ErrorCode::unavailable,
              "PostgreSQL refused \"" + name_of(sql) + "\": " + words);
}

}  // namespace cpc::store
