// Pairs of people, one of whom writes and the other reads, and the ledger of what became of each
// message. Closed loop: each pair keeps so many messages between its two ends. Open loop: messages
// come at their scheduled times, however the daemons do, and latency counts from those times.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/person.h"

namespace cpc::bench {

using Clock = std::chrono::steady_clock;
using Moment = Clock::time_point;

struct LoadTerms {
  std::size_t in_flight = 8;     ///< For each pair, from being sent to being read.
  double rate = 0;               ///< Messages a second of all pairs together; 0: closed loop.
  std::size_t messages_max = 0;  ///< Of all pairs together; 0: no bound.
  /// Messages in flight end where they are accepted: their readers are away.
  bool until_accepted = false;
};

class MessageLoad {
 public:
  static constexpr std::size_t body_bytes = 100;

  MessageLoad(boost::asio::io_context& io, const World& world, const LoadTerms& terms);

  /// Everybody's connection. Readers may come later than senders.
  void connect_senders();
  void connect_readers();
  [[nodiscard]] bool is_connected() const;

  void begin();
  void end();  ///< Nothing new is sent.

  struct Interval {
    Moment from;
    Moment to;
  };
  [[nodiscard]] std::size_t sent() const { return sent_; }
  [[nodiscard]] std::size_t accepted() const { return accepted_; }
  [[nodiscard]] std::size_t arrived() const { return arrived_; }
  [[nodiscard]] bool is_all_accepted() const { return accepted_ == sent_; }
  [[nodiscard]] bool is_all_arrived() const { return arrived_ == sent_ && accepted_ == sent_; }
  [[nodiscard]] std::size_t arrived_in(const Interval& when) const;
  /// Milliseconds from the scheduled time, of those scheduled in the interval.
  [[nodiscard]] std::vector<double> latencies(const Interval& when) const;
  [[nodiscard]] std::vector<double> acceptances(const Interval& when) const;
  /// Milliseconds from one moment on, of all that arrived.
  [[nodiscard]] std::vector<double> arrivals_after(Moment moment) const;

  /// Asks each sender how far the reader was delivered, again and again until that is everything.
  void ask_for_receipts();
  [[nodiscard]] bool is_all_receipted() const { return receipted_ == lines_.size(); }

  /// What went against the promises; empty in a valid run.
  [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }
  /// Events that told of a message once more under the same id, as its state moved.
  [[nodiscard]] std::size_t repeated() const { return repeated_; }
  [[nodiscard]] std::size_t read_marks() const { return read_marks_; }
  [[nodiscard]] std::size_t receipts_seen() const { return receipts_seen_; }
  [[nodiscard]] std::optional<Moment> last_arrival() const { return last_arrival_; }
  [[nodiscard]] std::optional<Moment> first_arrival() const { return first_arrival_; }

 private:
  struct Message {
    Moment scheduled;
    std::optional<Moment> accepted;
    std::optional<Moment> arrived;
    std::size_t id_hash = 0;  ///< Of the id under which the reader saw it.
  };
  struct Line {
    std::size_t number = 0;
    Pair pair;
    std::unique_ptr<Person> sender;
    std::unique_ptr<Person> reader;
    std::deque<Message> messages;
    std::size_t accepted = 0;
    std::size_t arrived = 0;
    std::deque<Moment> due;  ///< Scheduled, and waiting for room on the connection.
    std::string newest_id;   ///< Of the last message the reader saw and did not mark as read.
    Moment next_mark;
  };

  void fill(Line& line);
  void send(Line& line, Moment scheduled);
  void take_answer(Line& line, std::size_t number, const nlohmann::json& answer);
  void see(Line& line, const nlohmann::json& event);
  void take(Line& line, const nlohmann::json& message);
  void mark_read(Line& line);
  void ask_for_receipt(Line& line);
  void tick();
  void complain(const std::string& what);
  [[nodiscard]] bool may_send() const;
  [[nodiscard]] std::vector<double> times_to(std::optional<Moment> Message::*moment,
                                             const Interval& when) const;

  boost::asio::io_context& io_;
  const World& world_;
  LoadTerms terms_;
  std::vector<std::unique_ptr<Line>> lines_;
  boost::asio::steady_timer timer_;
  Moment began_;
  bool is_sending_ = false;
  std::size_t scheduled_ = 0;
  std::size_t sent_ = 0;
  std::size_t accepted_ = 0;
  std::size_t arrived_ = 0;
  std::size_t receipted_ = 0;
  std::size_t repeated_ = 0;
  std::size_t read_marks_ = 0;
  std::size_t receipts_seen_ = 0;
  std::optional<Moment> first_arrival_;
  std::optional<Moment> last_arrival_;
  std::vector<std::string> complaints_;
};

}  // namespace cpc::bench
