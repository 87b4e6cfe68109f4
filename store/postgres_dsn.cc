#include "store/postgres_dsn.h"

#include <libpq-fe.h>

#include <map>
#include <memory>
#include <string_view>

namespace cpc::store {
namespace {

using Words = std::map<std::string, std::string>;

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
struct FreeText {
  void operator()(char* text) const { PQfreemem(text); }
};

Result<Words> words_of(const std::string& text) {
  char* reason = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> options{
      PQconninfoParse(text.c_str(), &reason)};
  const std::unique_ptr<char, FreeText> freed_reason{reason};
  if (!options) {
    // libpq's own words repeat what it stumbled over, which may be the password.
    return fail(ErrorCode::invalid,
                "the connection string is not one of PostgreSQL's; write it like: "
                "host=/run/postgresql dbname=cpcd user=cpcd");
  }
  Words words;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) words.emplace(option->keyword, option->val);
  }
  return words;
}

bool is_this_machine(std::string_view host) {
  return host.empty() || host.front() == '/' || host.front() == '@' || host == "localhost" ||
         host.starts_with("127.") || host == "::1";
}

// One host, or several with commas between; all of them must be here.
bool are_this_machine(std::string_view hosts) {
  for (;;) {
    const auto end = hosts.find(',');
    if (!is_this_machine(hosts.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    hosts.remove_prefix(end + 1);
  }
}

std::string quoted_value(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string word(const Words& words, const std::string& key) {
  const auto found = words.find(key);
  return found == words.end() ? std::string{} : found->second;
}

std::string place_of(const Words& words) {
  const std::string database = word(words, "dbname");
  std::string host = word(words, "host");
  if (host.empty()) host = word(words, "hostaddr");
  std::string place = database.empty() ? "its default database" : database;
  place += " on " + (host.empty() ? std::string{"this machine"} : host);
  if (const std::string port = word(words, "port"); !port.empty()) place += ":" + port;
  return place;
}

}  // namespace

Result<PostgresDsn> parse_postgres_dsn(const std::string& text, const std::string& name) {
  std::string line = text;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  if (line.empty() || line.find('\0') != std::string::npos) {
    return fail(ErrorCode::invalid,
                "it is empty or no text; write a connection string like: host=/run/postgresql "
                "dbname=cpcd user=cpcd");
  }
  CPC_TRY(Words words, words_of(line));
  words.try_emplace("application_name", name);
  words.try_emplace("connect_timeout", std::to_string(connect_timeout_s));
  words.try_emplace("keepalives_idle", "30");
  words.try_emplace("keepalives_interval", "10");
  words.try_emplace("keepalives_count", "3");
  words.try_emplace("tcp_user_timeout", "30000");
  words["client_encoding"] = "UTF8";
  if (!are_this_machine(word(words, "host")) || !are_this_machine(word(words, "hostaddr"))) {
    words.try_emplace("sslmode", "verify-full");
  }
  PostgresDsn dsn;
  dsn.place = place_of(words);
  for (const auto& [key, value] : words) {
    dsn.words += (dsn.words.empty() ? "" : " ") + key + "=" + quoted_value(value);
  }
  return dsn;
}

}  // namespace cpc::store
