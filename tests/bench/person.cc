#include "tests/bench/person.h"

#include <boost/asio/steady_timer.hpp>
#include <stdexcept>
#include <utility>

namespace cpc::bench {
namespace {

using nlohmann::json;

constexpr auto retry_after = std::chrono::milliseconds{20};
const std::string events_id = "events";
// What a client needs to show a conversation and the ticks beside its messages.
const std::string events_document = R"(subscription ($after: String) { events(after: $after) {
  __typename cursor
  ... on MessageEvent { message { id conversationId text isMine sentAt position state } }
  ... on ConversationEvent { conversation { id position } }
  ... on ReceiptEvent { conversationId
    participant { user { address } deliveredUpTo readUpTo } } } })";

}  // namespace

Person::Person(boost::asio::io_context& io, const Place& place, SignedIn who)
    : io_(io), place_(place), who_(std::move(who)) {
  connect();
}

void Person::connect() {
  socket_ = std::make_unique<ClientSocket>(io_, place_, *this);
}

void Person::opened() {
  is_open_ = true;
  const json init{{"type", "connection_init"},
                  {"payload", {{"authorization", "Bearer " + who_.token}}}};
  socket_->send(init.dump());
}

void Person::subscribe(const std::string& id, const std::string& document, json variables) {
  const json message{{"id", id},
                     {"type", "subscribe"},
                     {"payload", {{"query", document}, {"variables", std::move(variables)}}}};
  socket_->send(message.dump());
}

void Person::ask(const std::string& document, json variables, Answered answered) {
  const std::string id = std::to_string(++last_id_);
  asked_.emplace(id, std::move(answered));
  subscribe(id, document, std::move(variables));
}

void Person::received(std::string_view text) {
  const json message = json::parse(text);
  const std::string& type = message.at("type").get_ref<const std::string&>();
  if (type == "next") {
    take_payload(message.at("id"), message.at("payload"));
  } else if (type == "connection_ack") {
    subscribe(events_id, events_document, {{"after", who_.cursor}});
    is_ready_ = true;
  } else if (type == "ping") {
    socket_->send(json{{"type", "pong"}}.dump());
  } else if (type == "error" || (type == "complete" && message.at("id") == events_id)) {
    throw std::runtime_error{who_.address + " was told: " + std::string{text}};
  }
}

void Person::take_payload(const std::string& id, const json& payload) {
  if (id != events_id) {
    const auto found = asked_.extract(id);
    if (!found.empty()) found.mapped()(payload);
    return;
  }
  if (payload.contains("errors")) {
    throw std::runtime_error{who_.address + " was told: " + payload.dump()};
  }
  if (on_event) on_event(payload.at("data").at("events"));
}

void Person::ended(const std::string& why) {
  if (is_open_) throw std::runtime_error{"the connection of " + who_.address + " ended: " + why};
  const auto pause = std::make_shared<boost::asio::steady_timer>(io_, retry_after);
  pause->async_wait([this, pause](boost::system::error_code failure) {
    if (!failure) connect();
  });
}

}  // namespace cpc::bench
