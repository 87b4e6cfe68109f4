// The world that a scenario is played in: real daemons and their people. world.py makes it, as a
// process of our own that removes everything when we end, however we end.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace cpc::bench {

/// Where an instance listens for clients.
struct Place {
  std::string host;
  std::uint16_t port = 0;
};

struct Daemon {
  Place place;
  pid_t pid = 0;
};

/// A person who is signed in.
struct SignedIn {
  std::string instance;
  std::string address;
  std::string token;
  std::string cursor;        ///< Of events(after:): everything the scenario does comes after it.
  std::string conversation;  ///< With the other one of the pair; empty for a bystander.
};

/// Two people who may write to each other.
struct Pair {
  SignedIn sender;
  SignedIn reader;
  std::string hub;  ///< The instance that orders their conversation.
};

struct Postgres {
  pid_t pid = 0;          ///< Of the postmaster.
  std::string micro_dsn;  ///< Of an empty database beside those of the instances.
};

class World {
 public:
  struct Wishes {
    std::vector<std::string> instances;  ///< Senders are on the first, readers on the last.
    std::string engine;
    std::string folder;  ///< On the disk that is measured.
    std::size_t pairs = 0;
    std::size_t bystanders = 0;  ///< On the first instance.
  };
  /// Takes a while: passwords are hashed slowly. Throws std::runtime_error.
  explicit World(const Wishes& wishes);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// SIGTERM, until it has ended.
  void stop(const std::string& instance);
  /// Without waiting until it is ready.
  void start(const std::string& instance);
  /// What `cpcctl status` says of each instance that runs.
  [[nodiscard]] nlohmann::json status();

  std::string folder;
  std::map<std::string, Daemon> daemons;
  std::vector<Pair> pairs;
  std::vector<SignedIn> bystanders;
  std::optional<Postgres> postgres;

 private:
  void launch(const Wishes& wishes);
  [[nodiscard]] nlohmann::json read_line();
  [[nodiscard]] nlohmann::json ask(const std::string& command);

  pid_t script_ = 0;
  int to_script_ = -1;
  int from_script_ = -1;
  std::string received_;
};

}  // namespace cpc::bench
