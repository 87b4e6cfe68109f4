// What an operator writes to say which PostgreSQL database to use: libpq's connection string.
//
// Parsed by libpq itself, so both of its forms work (key=value words, postgresql:// URI). What is
// left out and matters is filled in: bounded waits, keep-alives, our name in pg_stat_activity, and
// verified TLS to a server on another machine.
#pragma once

#include <string>

#include "core/base/result.h"

namespace cpc::store {

struct PostgresDsn {
  std::string words;  ///< For libpq; may hold a password, so never told to anybody.
  std::string place;  ///< Database and server, as an operator may read them: "cpcd on db.lan:5432".
};

/// Seconds until a server that does not answer counts as away.
inline constexpr int connect_timeout_s = 5;

/// `text` is the content of the file, which may end in a newline. `name` is what we are called in
/// pg_stat_activity. Fails with invalid; the detail repeats nothing of the text.
[[nodiscard]] Result<PostgresDsn> parse_postgres_dsn(const std::string& text,
                                                     const std::string& name);

}  // namespace cpc::store
