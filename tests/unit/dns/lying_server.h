// A DNS server that answers as a test tells it: late, twice, forged, over TCP or not at all.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "routing/endpoint.h"
#include "tests/unit/routing/dns_octets.h"

namespace cpc::tests {

struct LyingServer {
  using udp = boost::asio::ip::udp;
  using tcp = boost::asio::ip::tcp;
  struct Question {
    std::string name;
    unsigned type = 0;
    std::string id;
    bool is_tcp = false;
  };
  /// The messages to send, each as it stands.
  using Lie = std::function<std::vector<std::string>(const Question&)>;

  LyingServer(boost::asio::io_context& io, Lie lies)
      : lie(std::move(lies)),
        socket(io, udp::endpoint{boost::asio::ip::make_address("127.0.0.1"), 0}),
        forger(io, udp::endpoint{boost::asio::ip::make_address("127.0.0.1"), 0}),
        acceptor(beside(io, socket)) {
    receive();
    accept();
  }

  [[nodiscard]] routing::Endpoint place() const {
    return {"127.0.0.1", socket.local_endpoint().port()};
  }

  Lie lie;
  std::string forged;  ///< Sent before each answer over UDP, with the right id, from another port.
  bool lies_about_length = false;  ///< Over TCP.
  std::map<std::string, int> asked;
  int count = 0;

 private:
  // Over TCP on the port that UDP was given; another one for both where that is somebody else's.
  static tcp::acceptor beside(boost::asio::io_context& io, udp::socket& socket) {
    const auto loopback = boost::asio::ip::make_address("127.0.0.1");
    for (int left = 100;; --left) {
      try {
        return tcp::acceptor{io, tcp::endpoint{loopback, socket.local_endpoint().port()}};
      } catch (const boost::system::system_error&) {
        if (left == 0) throw;
        socket = udp::socket{io, udp::endpoint{loopback, 0}};
      }
    }
  }

  Question read(std::string_view octets) {
    Question question;
    question.id = octets.substr(0, 2);
    std::size_t at = 12;
    while (octets.at(at) != 0) {
      const auto length = static_cast<std::size_t>(octets[at]);
      if (!question.name.empty()) question.name += '.';
      question.name += octets.substr(at + 1, length);
      at += length + 1;
    }
    question.type = static_cast<unsigned char>(octets.at(at + 2));
    ++asked[question.name];
    ++count;
    return question;
  }

  void receive() {
    socket.async_receive_from(boost::asio::buffer(room), from, [this](auto failure, std::size_t n) {
      if (failure) return;
      const Question question = read({room.data(), n});
      if (!forged.empty()) {
        forger.send_to(boost::asio::buffer(question.id + forged.substr(2)), from);
      }
      for (const std::string& answer : lie(question)) {
        socket.send_to(boost::asio::buffer(answer), from);
      }
      receive();
    });
  }

  void accept() {
    acceptor.async_accept([this](auto failure, tcp::socket peer) {
      if (failure) return;
      serve(std::make_shared<tcp::socket>(std::move(peer)));
      accept();
    });
  }

  void serve(const std::shared_ptr<tcp::socket>& peer) {
    const auto length = std::make_shared<std::array<unsigned char, 2>>();
    boost::asio::async_read(*peer, boost::asio::buffer(*length),
                            [this, peer, length](auto broken, std::size_t) {
                              if (!broken) converse(peer, (*length)[0] * 256U + (*length)[1]);
                            });
  }

  void converse(const std::shared_ptr<tcp::socket>& peer, std::size_t length) {
    const auto input = std::make_shared<std::string>(length, '\0');
    boost::asio::async_read(
        *peer, boost::asio::buffer(*input), [this, peer, input](auto broken, std::size_t) {
          if (broken) return;
          Question question = read(*input);
          question.is_tcp = true;
          for (const std::string& answer : lie(question)) {
            const auto told = lies_about_length ? 65535U : static_cast<unsigned>(answer.size());
            boost::asio::write(*peer, boost::asio::buffer(octets16(told) + answer));
          }
          serve(peer);
        });
  }

  udp::socket socket;
  udp::socket forger;
  tcp::acceptor acceptor;
  udp::endpoint from;
  std::array<char, 4096> room{};
};

}  // namespace cpc::tests
