// One session with a PostgreSQL server, by libpq: connected, set up, checked; gone for good once it
// is lost. PostgresDatabase's connections are made of these.
#pragma once

#include <libpq-fe.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/postgres_values.h"

namespace cpc::store {

/// How long a statement of ours, and a wait for somebody else's lock, may take.
inline constexpr int statement_timeout_ms = 30'000;
inline constexpr int lock_timeout_ms = 5'000;

/// What one statement answered.
class PostgresAnswer {
 public:
  explicit PostgresAnswer(PGresult* result) : result_(result) {}

  [[nodiscard]] Result<> each(const EachRow& each) const;
  [[nodiscard]] std::int64_t rows_changed() const;
  /// A text of the first row; empty when there is none.
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] PGresult* raw() const { return result_.get(); }

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  std::unique_ptr<PGresult, Clear> result_;
};

class PostgresSession {
 public:
  struct Wishes {
    std::string dsn;
    Access access = Access::read;
    bool takes_lock = false;
  };
  /// Errors as PostgresDatabase::connect.
  [[nodiscard]] static Result<std::unique_ptr<PostgresSession>> open(const Wishes& wishes);

  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  /// One statement, prepared the first time it is seen. A failure has the code
  /// - conflict when the server took the transaction back for a reason that passes (a
  ///   serialization failure, a deadlock), or the session is lost;
  /// - unavailable for everything else.
  [[nodiscard]] Result<PostgresAnswer> run(std::string_view sql,
                                           const std::vector<PostgresValue>& parameters);
  /// Several statements without parameters.
  [[nodiscard]] Result<> run_script(const std::string& script);

  /// Nothing more will come of it.
  [[nodiscard]] bool is_lost() const { return is_lost_; }

 private:
  explicit PostgresSession(const std::string& dsn);
  [[nodiscard]] Result<> set_up(Access access);
  [[nodiscard]] Result<> check_settings();
  [[nodiscard]] Result<> take_lock();
  [[nodiscard]] Error lock_is_taken();
  [[nodiscard]] Result<std::string> prepared(std::string_view sql,
                                             const std::vector<PostgresValue>& parameters);
  /// Why the answer is none.
  [[nodiscard]] Error refused(std::string_view sql, const PostgresAnswer& answer);

  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  std::unique_ptr<PGconn, Finish> connection_;
  bool is_lost_ = false;
  std::map<std::string, std::string, std::less<>> prepared_;  ///< SQL -> its name on the server.
};

}  // namespace cpc::store
