#include "tests/bench/world.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>

namespace cpc::bench {
namespace {

using nlohmann::json;

[[noreturn]] void become(const std::vector<std::string>& command, int input, int output,
                         pid_t parent) {
  // So that nothing is left behind when we are killed: the script then removes the world.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

SignedIn person_of(const json& value) {
  return {value.at("instance"), value.at("address"), value.at("token"), value.at("cursor"),
          value.at("conversation")};
}

}  // namespace

World::World(const Wishes& wishes) {
  launch(wishes);
  const json made = read_line();
  folder = made.at("folder");
  for (const auto& [name, value] : made.at("instances").items()) {
    daemons[name] = {{value.at("host"), value.at("port")}, value.at("pid")};
  }
  for (const json& value : made.at("pairs")) {
    Pair pair{person_of(value.at("sender")), person_of(value.at("reader")), {}};
    if (value.at("hub").is_string()) pair.hub = value.at("hub");
    pairs.push_back(std::move(pair));
  }
  for (const json& value : made.at("bystanders")) bystanders.push_back(person_of(value));
  if (const json& value = made.at("postgres"); !value.is_null()) {
    postgres = Postgres{value.at("pid"), value.at("micro")};
  }
}

World::~World() {
  if (to_script_ >= 0) ::close(to_script_);
  if (script_ > 0) ::waitpid(script_, nullptr, 0);
  if (from_script_ >= 0) ::close(from_script_);
}

void World::launch(const Wishes& wishes) {
  std::vector<std::string> command{"/usr/bin/python3",
                                   "-B",
                                   CPC_BENCH_WORLD,
                                   std::string{"--build="} + CPC_BENCH_BUILD,
                                   "--folder=" + wishes.folder,
                                   "--engine=" + wishes.engine,
                                   "--pairs=" + std::to_string(wishes.pairs),
                                   "--bystanders=" + std::to_string(wishes.bystanders)};
  for (const std::string& name : wishes.instances) command.push_back("--instance=" + name);
  std::array<int, 2> down{};
  std::array<int, 2> up{};
  if (::pipe2(down.data(), O_CLOEXEC) != 0 || ::pipe2(up.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error{"no pipe"};
  }
  const pid_t parent = ::getpid();
  script_ = ::fork();
  if (script_ < 0) throw std::runtime_error{"no process"};
  if (script_ == 0) become(command, down[0], up[1], parent);
  ::close(down[0]);
  ::close(up[1]);
  to_script_ = down[1];
  from_script_ = up[0];
}

json World::read_line() {
  for (;;) {
    if (const auto end = received_.find('\n'); end != std::string::npos) {
      json value = json::parse(received_.substr(0, end));
      received_.erase(0, end + 1);
      return value;
    }
    std::array<char, 65536> piece{};
    const ssize_t count = ::read(from_script_, piece.data(), piece.size());
    if (count <= 0) throw std::runtime_error{"the world could not be made, or has ended"};
    received_.append(piece.data(), static_cast<std::size_t>(count));
  }
}

json World::ask(const std::string& command) {
  const std::string line = command + "\n";
  if (::write(to_script_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw std::runtime_error{"the world has ended"};
  }
  return read_line();
}

void World::stop(const std::string& instance) {
  (void)ask("stop " + instance);
  daemons.at(instance).pid = 0;
}

void World::start(const std::string& instance) {
  daemons.at(instance).pid = ask("start " + instance).at("pid");
}

json World::status() {
  return ask("status");
}

}  // namespace cpc::bench
