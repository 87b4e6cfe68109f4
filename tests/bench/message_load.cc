#include "tests/bench/message_load.h"

#include <cstdio>
#include <stdexcept>
#include <utility>

namespace cpc::bench {
namespace {

using nlohmann::json;
using std::chrono::duration;

/// Of a connection's 32 operations at once; the rest is for reading.
constexpr std::size_t operations_max = 24;
constexpr auto tick_every = std::chrono::milliseconds{1};
constexpr auto ask_again_after = std::chrono::milliseconds{100};
/// A reader tells what they read as one who looks at the screen.
constexpr auto mark_every = std::chrono::seconds{1};
constexpr std::size_t complaints_max = 20;

const std::string send_document =
    "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { id sentAt state } }";
const std::string mark_document =
    "mutation ($input: MarkReadInput!) { markRead(input: $input) { id } }";
const std::string receipt_document = R"(query ($id: ID!) { conversation(id: $id) {
  position participants { user { address } deliveredUpTo } } })";

// Which message it is, and letters that follow from that, so that any change would be seen.
std::string body_of(std::size_t line, std::size_t number) {
  char head[48];
  (void)std::snprintf(head, sizeof head, "%05zu %09zu ", line, number);
  std::string body = head;
  std::uint32_t dice = static_cast<std::uint32_t>(line * 2654435761U + number);
  while (body.size() < MessageLoad::body_bytes) {
    dice = dice * 1664525U + 1013904223U;
    body += static_cast<char>('a' + (dice >> 16) % 26);
  }
  return body;
}

std::vector<double> in_milliseconds(const std::vector<std::pair<Moment, Moment>>& spans) {
  std::vector<double> found;
  found.reserve(spans.size());
  for (const auto& [from, to] : spans)
    found.push_back(duration<double, std::milli>{to - from}.count());
  return found;
}

}  // namespace

MessageLoad::MessageLoad(boost::asio::io_context& io, const World& world, const LoadTerms& terms)
    : io_(io), world_(world), terms_(terms), timer_(io) {
  for (const Pair& pair : world.pairs) {
    auto line = std::make_unique<Line>();
    line->number = lines_.size();
    line->pair = pair;
    lines_.push_back(std::move(line));
  }
}

void MessageLoad::connect_senders() {
  for (auto& line : lines_) {
    const auto& who = line->pair.sender;
    line->sender = std::make_unique<Person>(io_, world_.daemons.at(who.instance).place, who);
    line->sender->on_event = [this](const json& event) {
      if (event.at("__typename") == "ReceiptEvent") ++receipts_seen_;
    };
  }
}

void MessageLoad::connect_readers() {
  for (auto& line : lines_) {
    const auto& who = line->pair.reader;
    line->reader = std::make_unique<Person>(io_, world_.daemons.at(who.instance).place, who);
    line->reader->on_event = [this, to = line.get()](const json& event) { see(*to, event); };
  }
}

bool MessageLoad::is_connected() const {
  for (const auto& line : lines_) {
    if (line->sender && !line->sender->is_ready()) return false;
    if (line->reader && !line->reader->is_ready()) return false;
  }
  return true;
}

void MessageLoad::begin() {
  is_sending_ = true;
  began_ = Clock::now();
  if (terms_.rate > 0) {
    tick();
    return;
  }
  for (auto& line : lines_) fill(*line);
}

void MessageLoad::end() {
  is_sending_ = false;
  timer_.cancel();
  for (auto& line : lines_) line->due.clear();
}

bool MessageLoad::may_send() const {
  return is_sending_ && (terms_.messages_max == 0 || sent_ < terms_.messages_max);
}

void MessageLoad::fill(Line& line) {
  if (terms_.rate > 0) {
    while (may_send() && !line.due.empty() && line.sender->asked() < operations_max) {
      const Moment scheduled = line.due.front();
      line.due.pop_front();
      send(line, scheduled);
    }
    return;
  }
  const auto open = [&] {
    return line.messages.size() - (terms_.until_accepted ? line.accepted : line.arrived);
  };
  while (may_send() && open() < terms_.in_flight && line.sender->asked() < operations_max) {
    send(line, Clock::now());
  }
}

void MessageLoad::tick() {
  if (!is_sending_) return;
  const Moment now = Clock::now();
  for (;; ++scheduled_) {
    const duration<double> offset{static_cast<double>(scheduled_) / terms_.rate};
    const Moment scheduled = began_ + std::chrono::duration_cast<Clock::duration>(offset);
    if (scheduled > now) break;
    Line& line = *lines_[scheduled_ % lines_.size()];
    line.due.push_back(scheduled);
    fill(line);
  }
  timer_.expires_after(tick_every);
  timer_.async_wait([this](boost::system::error_code failure) {
    if (!failure) tick();
  });
}

void MessageLoad::send(Line& line, Moment scheduled) {
  const std::size_t number = line.messages.size();
  line.messages.push_back({scheduled, {}, {}, 0});
  ++sent_;
  json input{{"conversationId", line.pair.sender.conversation},
             {"text", body_of(line.number, number)},
             {"clientId", std::to_string(number)}};
  line.sender->ask(
      send_document, {{"input", std::move(input)}},
      [this, &line, number](const json& answer) { take_answer(line, number, answer); });
}

void MessageLoad::take_answer(Line& line, std::size_t number, const json& answer) {
  if (answer.contains("errors")) {
    complain("refused: " + answer.dump());
  } else {
    line.messages[number].accepted = Clock::now();
    ++line.accepted;
    ++accepted_;
  }
  fill(line);
}

void MessageLoad::see(Line& line, const json& event) {
  if (event.at("__typename") != "MessageEvent") return;
  const json& message = event.at("message");
  if (!message.at("isMine").get<bool>()) take(line, message);
}

void MessageLoad::take(Line& line, const json& message) {
  const std::string& text = message.at("text").get_ref<const std::string&>();
  const std::string& id = message.at("id").get_ref<const std::string&>();
  std::size_t number = 0;
  std::size_t from = 0;
  const bool is_ours = std::sscanf(text.c_str(), "%5zu %9zu ", &from, &number) == 2 &&
                       from == line.number && number < line.messages.size() &&
                       text == body_of(from, number);
  if (!is_ours) {
    complain("something arrived that nobody sent: " + text);
    return;
  }
  Message& known = line.messages[number];
  const std::size_t id_hash = std::hash<std::string>{}(id);
  if (known.arrived) {
    ++repeated_;
    if (known.id_hash != id_hash) complain("arrived twice: " + text);
    return;
  }
  known.arrived = Clock::now();
  known.id_hash = id_hash;
  ++line.arrived;
  ++arrived_;
  last_arrival_ = known.arrived;
  if (!first_arrival_) first_arrival_ = known.arrived;
  line.newest_id = id;
  if (*known.arrived >= line.next_mark) mark_read(line);
  fill(line);
}

void MessageLoad::mark_read(Line& line) {
  line.next_mark = Clock::now() + mark_every;
  ++read_marks_;
  line.reader->ask(mark_document, {{"input", {{"messageId", line.newest_id}}}},
                   [this](const json& answer) {
                     if (answer.contains("errors")) complain("refused: " + answer.dump());
                   });
}

void MessageLoad::ask_for_receipts() {
  for (auto& line : lines_) ask_for_receipt(*line);
}

void MessageLoad::ask_for_receipt(Line& line) {
  const auto judge = [this, &line](const json& answer) {
    const json& conversation = answer.at("data").at("conversation");
    for (const json& one : conversation.at("participants")) {
      if (one.at("user").at("address") != line.pair.reader.address) continue;
      if (one.at("deliveredUpTo") == conversation.at("position")) {
        ++receipted_;
        return;
      }
    }
    const auto pause = std::make_shared<boost::asio::steady_timer>(io_, ask_again_after);
    pause->async_wait([this, &line, pause](boost::system::error_code failure) {
      if (!failure) ask_for_receipt(line);
    });
  };
  line.sender->ask(receipt_document, {{"id", line.pair.sender.conversation}}, judge);
}

std::size_t MessageLoad::arrived_in(const Interval& when) const {
  std::size_t count = 0;
  for (const auto& line : lines_) {
    for (const Message& one : line->messages) {
      if (one.arrived && *one.arrived >= when.from && *one.arrived < when.to) ++count;
    }
  }
  return count;
}

std::vector<double> MessageLoad::times_to(std::optional<Moment> Message::*moment,
                                          const Interval& when) const {
  std::vector<std::pair<Moment, Moment>> spans;
  for (const auto& line : lines_) {
    for (const Message& one : line->messages) {
      const bool is_inside = one.scheduled >= when.from && one.scheduled < when.to;
      if (is_inside && one.*moment) spans.emplace_back(one.scheduled, *(one.*moment));
    }
  }
  return in_milliseconds(spans);
}

std::vector<double> MessageLoad::latencies(const Interval& when) const {
  return times_to(&Message::arrived, when);
}

std::vector<double> MessageLoad::acceptances(const Interval& when) const {
  return times_to(&Message::accepted, when);
}

std::vector<double> MessageLoad::arrivals_after(Moment moment) const {
  std::vector<std::pair<Moment, Moment>> spans;
  for (const auto& line : lines_) {
    for (const Message& one : line->messages) {
      if (one.arrived) spans.emplace_back(moment, *one.arrived);
    }
  }
  return in_milliseconds(spans);
}

void MessageLoad::complain(const std::string& what) {
  if (complaints_.size() < complaints_max) complaints_.push_back(what);
}

}  // namespace cpc::bench
