// ClientServer::serve: the graphql-transport-ws protocol
// (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md) over one WebSocket.
//
// One coroutine reads what the client sends; each running operation is another one, which sends its
// results. All of them end before the session does.

#include <boost/asio/this_coro.hpp>
#include <map>

#include "daemon/api/client_server.h"
#include "daemon/api/errors.h"
#include "federation/strict_json.h"
#include "routing/task_group.h"
#include "routing/within.h"

namespace cpc::api {
namespace {

using boost::asio::awaitable;
using federation::WebSocket;
using graphql::Answer;
using nlohmann::json;

constexpr std::string_view subprotocol = "graphql-transport-ws";
constexpr std::size_t operations_max = 32;
constexpr std::size_t operation_id_bytes_max = 128;
constexpr auto init_max = std::chrono::seconds{10};

// The close codes of the protocol.
constexpr std::uint16_t bad_message = 4400;
constexpr std::uint16_t unauthorized = 4401;
constexpr std::uint16_t forbidden = 4403;
constexpr std::uint16_t init_timeout = 4408;
constexpr std::uint16_t already_exists = 4409;
constexpr std::uint16_t too_many_inits = 4429;

// The messages of the protocol. Made here, because g++ 12 cannot keep a braced list across a
// co_await.
Answer bare(std::string_view type) {
  Answer message;
  message["type"] = type;
  return message;
}
Answer with_id(std::string_view type, std::string_view id) {
  Answer message;
  message["id"] = id;
  message["type"] = type;
  return message;
}
Answer with_payload(std::string_view type, std::string_view id, Answer payload) {
  Answer message = with_id(type, id);
  message["payload"] = std::move(payload);
  return message;
}

// A running operation. Its id is free again as soon as the client has completed it, also while it
// still winds down.
struct Running {
  explicit Running(const Caller& who) : caller(who) {}

  Caller caller;                            ///< The stream refers to it.
  std::shared_ptr<graphql::Stream> stream;  ///< Null until opened, and for queries and mutations.
  bool is_completed = false;  ///< By the client, who wants to hear nothing more of it.

  void complete() {
    is_completed = true;
    if (stream) stream->close();
  }
};

class Session {
 public:
  Session(ApiParts& parts, const graphql::Engine& engine, WebSocket& socket,
          const boost::asio::any_io_executor& executor)
      : engine_(engine),
        socket_(socket),
        caller_{parts, {}, {}, socket.peer().address},
        operations_(executor, parts.log) {}

  awaitable<void> run() {
    // A cancelled session still waits for its operations, which refer to it.
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const bool is_open = co_await begin();
    if (is_open) co_await read_messages();
    for (auto& [id, running] : running_) running->complete();
    operations_.stop();
    co_await operations_.wait();
  }

 private:
  // connection_init within its time, with a valid token; connection_ack.
  awaitable<bool> begin() {
    auto first = co_await routing::within(caller_.parts.timers, init_max, socket_.receive());
    if (!first) {
      co_await socket_.close(init_timeout, "Connection initialisation timeout");
      co_return false;
    }
    const auto message = parse(first.value());
    if (!message || message->value("type", "") != "connection_init") {
      co_await socket_.close(unauthorized, "Unauthorized");
      co_return false;
    }
    std::string token;
    if (message->contains("payload") && (*message)["payload"].is_object()) {
      const json& payload = (*message)["payload"];
      if (payload.contains("authorization") && payload["authorization"].is_string()) {
        token = payload["authorization"];
      }
    }
    if (const auto bare_token = bearer_token(token)) token = std::string{*bare_token};
    const auto session = co_await session_of(caller_.parts, token);
    if (!session) {
      co_await shut_out(session.error());
      co_return false;
    }
    token_ = session.value();
    caller_.session = token_.session;
    caller_.session_ends = token_.expires;
    co_return co_await send(bare("connection_ack"));
  }

  // A token that is not valid, or a store that cannot say now whether it is.
  awaitable<void> shut_out(Error problem) {
    if (problem.code == ErrorCode::denied) {
      co_await socket_.close(forbidden, "Forbidden");
      co_return;
    }
    (void)field_error(caller_.parts.log, problem);  // For its line in the log.
    co_await socket_.close(federation::close_code::try_again_later, "try again later");
  }

  awaitable<void> read_messages() {
    for (;;) {
      const auto text = co_await socket_.receive();
      if (!text) co_return;
      const auto message = parse(text.value());
      if (!message) {
        co_await socket_.close(bad_message, "Invalid message");
        co_return;
      }
      const bool goes_on = co_await take(*message);
      if (!goes_on) co_return;
    }
  }

  awaitable<bool> take(const json& message) {
    const std::string type = message.value("type", "");
    if (type == "ping") co_return co_await send(bare("pong"));
    if (type == "pong") co_return true;
    if (type == "connection_init") {
      co_await socket_.close(too_many_inits, "Too many initialisation requests");
      co_return false;
    }
    const std::string id = message.value("id", "");
    if (type == "complete") {
      const auto running = running_.find(id);
      if (running == running_.end()) co_return true;
      running->second->complete();
      running_.erase(running);
      co_return true;
    }
    const bool is_subscribe = type == "subscribe" && !id.empty() &&
                              id.size() <= operation_id_bytes_max && message.contains("payload");
    const auto incoming = is_subscribe ? read_incoming(message["payload"])
                                       : Result<graphql::Incoming>{fail(ErrorCode::invalid, "")};
    if (!incoming) {
      co_await socket_.close(bad_message, "Invalid message");
      co_return false;
    }
    if (running_.contains(id)) {
      co_await socket_.close(already_exists, "Subscriber for this id already exists");
      co_return false;
    }
    co_return co_await start(id, incoming.value());
  }

  awaitable<bool> start(std::string id, graphql::Incoming incoming) {
    const auto checked = co_await check_token(caller_.parts, token_);
    if (!checked) {
      co_await shut_out(checked.error());
      co_return false;
    }
    incoming.may_introspect = true;
    auto prepared = engine_.prepare(incoming);
    if (!prepared) co_return co_await send_errors(id, prepared.error().answer());
    if (operations_.count() >= operations_max) {
      co_return co_await send_errors(
          id, graphql::refuse(rate_limited_code, "too many operations at once").answer());
    }
    const auto running = std::make_shared<Running>(caller_);
    running_.emplace(id, running);
    operations_.start("client operation", operate(id, running, std::move(prepared).value()));
    co_return true;
  }

  // One operation from its first result to its last.
  awaitable<void> operate(std::string id, std::shared_ptr<Running> running,
                          graphql::Prepared prepared) {
    if (prepared.kind() == graphql::OperationKind::subscription) {
      co_await stream(id, running, std::move(prepared));
    } else {
      co_await answer(id, running, std::move(prepared));
    }
    forget(id, running);
  }

  // Before the last message about it leaves: whoever has that may use the id again at once.
  void forget(const std::string& id, const std::shared_ptr<Running>& running) {
    const auto found = running_.find(id);
    if (found != running_.end() && found->second == running) running_.erase(found);
  }

  awaitable<void> answer(std::string id, std::shared_ptr<Running> running,
                         graphql::Prepared prepared) {
    const Answer answer =
        co_await engine_.execute(std::move(prepared), graphql::Request{running->caller});
    if (running->is_completed) co_return;
    const bool is_sent = co_await send_next(id, answer);
    if (!is_sent || running->is_completed) co_return;
    forget(id, running);
    co_await send_complete(id);
  }

  awaitable<void> stream(std::string id, std::shared_ptr<Running> running,
                         graphql::Prepared prepared) {
    auto opened =
        co_await engine_.subscribe(std::move(prepared), graphql::Request{running->caller});
    if (running->is_completed) co_return;
    if (!opened) {
      forget(id, running);
      co_await send_errors(id, opened.error().answer());
      co_return;
    }
    const std::shared_ptr<graphql::Stream> events = std::move(opened).value();
    running->stream = events;
    for (;;) {
      const auto answer = co_await events->next();
      if (running->is_completed) co_return;
      if (!answer) break;
      const bool is_sent = co_await send_next(id, *answer);
      if (!is_sent || running->is_completed) co_return;
    }
    forget(id, running);
    co_await send_complete(id);
  }

  awaitable<bool> send_next(std::string id, Answer payload) {
    co_return co_await send(with_payload("next", id, std::move(payload)));
  }
  awaitable<bool> send_complete(std::string id) {
    co_return co_await send(with_id("complete", id));
  }
  awaitable<bool> send_errors(std::string id, Answer refusal) {
    co_return co_await send(with_payload("error", id, std::move(refusal["errors"])));
  }

  awaitable<bool> send(Answer message) {
    const auto sent = co_await socket_.send(graphql::to_text(message));
    co_return sent.has_value();
  }

  static std::optional<json> parse(std::string_view text) {
    federation::JsonLimits limits;
    limits.allow_floats = true;
    auto value = federation::parse_strict_json(text, limits);
    if (!value || !value.value().is_object()) return std::nullopt;
    for (const char* name : {"type", "id"}) {
      if (value.value().contains(name) && !value.value()[name].is_string()) return std::nullopt;
    }
    return std::move(value).value();
  }

  const graphql::Engine& engine_;
  WebSocket& socket_;
  Caller caller_;
  Token token_;
  std::map<std::string, std::shared_ptr<Running>> running_;  ///< By the client's id.
  routing::TaskGroup operations_;
};

}  // namespace

std::optional<std::string> ClientServer::take_upgrade(const federation::HttpRequest& request,
                                                      const federation::PeerInfo&) const {
  if (request.path != "/graphql") return std::nullopt;
  return std::string{subprotocol};
}

awaitable<void> ClientServer::serve(federation::HttpRequest,
                                    std::unique_ptr<federation::WebSocket> socket) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Session session{parts_, engine_, *socket, executor};
  co_await session.run();
}

}  // namespace cpc::api
