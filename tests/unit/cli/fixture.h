// A cpcctl without a process, a daemon or a terminal: what it was asked, and what it said.
#pragma once

#include <deque>
#include <map>
#include <sstream>

#include "cli/command.h"

namespace cpc::cli {

/// A daemon that gives the answers it was told, and remembers what it was asked.
struct FakeDaemon {
  struct Asked {
    std::string path;
    std::string body;
  };
  std::map<std::string, Answer<std::string>, std::less<>> answers;
  std::vector<Asked> asked;
  std::vector<AdminTarget> targets;

  template <class Request>
  void answer(const typename Request::Answer& answer) {
    answers.insert_or_assign(std::string{Request::path}, admin_protocol::encode(answer));
  }
  template <class Request>
  void refuse(const admin_protocol::Problem& problem) {
    answers.insert_or_assign(std::string{Request::path}, problem);
  }
};

class FakeClient final : public AdminClient {
 public:
  explicit FakeClient(FakeDaemon& daemon) : daemon_(daemon) {}
  Answer<std::string> exchange(std::string_view path, std::string_view body) override {
    daemon_.asked.push_back({std::string{path}, std::string{body}});
    const auto found = daemon_.answers.find(path);
    if (found == daemon_.answers.end())
      return admin_protocol::Problem{"daemon.unreachable", "", "", ""};
    return found->second;
  }

 private:
  FakeDaemon& daemon_;
};

class FakeTerminal final : public Terminal {
 public:
  bool interactive = false;
  std::deque<std::string> typed;
  std::string prompts;

  [[nodiscard]] bool is_interactive() const override { return interactive; }
  Result<std::string> ask(std::string_view prompt) override { return next(prompt); }
  Result<std::string> ask_secret(std::string_view prompt) override { return next(prompt); }

 private:
  Result<std::string> next(std::string_view prompt) {
    prompts += prompt;
    if (typed.empty()) return fail(ErrorCode::unavailable, "nothing was typed");
    std::string line = typed.front();
    typed.pop_front();
    return line;
  }
};

struct Said {
  int status;
  std::string out;
  std::string err;
};

struct Cpcctl {
  FakeDaemon daemon;
  FakeTerminal terminal;
  std::string input;
  bool color = false;

  Said operator()(std::vector<std::string> arguments) {
    std::istringstream in{input};
    std::ostringstream out;
    std::ostringstream err;
    Context context{.connect =
                        [this](const AdminTarget& target) {
                          daemon.targets.push_back(target);
                          return std::make_unique<FakeClient>(daemon);
                        },
                    .terminal = terminal,
                    .in = in,
                    .out = out,
                    .err = err,
                    .now = from_milliseconds(1'795'330'000'000),
                    .color = color};
    const int status = run(std::move(arguments), context);
    return {status, out.str(), err.str()};
  }
};

}  // namespace cpc::cli
