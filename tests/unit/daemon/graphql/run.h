// Runs coroutines of the engine to their end, for tests.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <stdexcept>

#include "daemon/graphql/engine.h"
#include "tests/unit/daemon/graphql/pets.h"

namespace cpc::graphql {

template <class T>
boost::asio::awaitable<void> keep(boost::asio::awaitable<T> work, std::optional<T>& result) {
  result.emplace(co_await std::move(work));
}

/// What `work` returns; rethrows what it throws.
template <class T>
T run(boost::asio::awaitable<T> work) {
  boost::asio::io_context context;
  std::optional<T> result;
  std::exception_ptr thrown;
  boost::asio::co_spawn(context, keep(std::move(work), result),
                        [&thrown](std::exception_ptr failure) { thrown = failure; });
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  return *std::move(result);
}

/// Remembers the sentences that were told.
class TestLog : public Log {
 public:
  void info(std::string_view, std::initializer_list<cpc::Field>) override {}
  void warn(std::string_view, std::initializer_list<cpc::Field>) override {}
  void error(std::string_view sentence, std::initializer_list<cpc::Field> fields) override {
    errors += std::string{sentence};
    for (const cpc::Field& field : fields) {
      errors += " " + std::string{field.name} + "=" + field.text;
    }
    errors += "\n";
  }
  std::string errors;
};

/// Prepares and runs; a refusal is the answer too.
inline Answer ask(const Engine& engine, Incoming incoming, Request request = {}) {
  const Checked<Prepared> prepared = engine.prepare(incoming);
  if (!prepared) return prepared.error().answer();
  return run(engine.execute(prepared.value(), request));
}

inline std::string code_of(const Answer& answer) {
  return answer.at("errors").at(0).at("extensions").at("code");
}

}  // namespace cpc::graphql
