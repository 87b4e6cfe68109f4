#include "cli/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace cpc::cli {
namespace {

constexpr std::size_t line_bytes_max = 4096;  // What a terminal's line discipline holds.

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (is_open()) ::close(number_);
  }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

/// Holds back what would end the process, so that it never leaves a terminal without echo behind.
/// What came meanwhile takes effect at the end of the scope.
class HeldSignals {
 public:
  HeldSignals() {
    ::sigemptyset(&set_);
    for (const int number : {SIGINT, SIGTERM, SIGQUIT, SIGHUP}) ::sigaddset(&set_, number);
    ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  [[nodiscard]] const sigset_t& set() const { return set_; }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

class WithoutEcho {
 public:
  explicit WithoutEcho(int terminal) : terminal_(terminal) {
    is_changed_ = ::tcgetattr(terminal, &before_) == 0;
    if (!is_changed_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(terminal, TCSAFLUSH, &silent);
  }
  WithoutEcho(const WithoutEcho&) = delete;
  WithoutEcho& operator=(const WithoutEcho&) = delete;
  ~WithoutEcho() {
    if (is_changed_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  [[nodiscard]] bool is_silent() const { return is_changed_; }

 private:
  int terminal_;
  termios before_{};
  bool is_changed_;
};

void show(int terminal, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(terminal, text.data(), text.size());
    if (put <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

Error nothing_typed() {
  return fail(ErrorCode::unavailable, "nothing was typed");
}

/// One line, or nothing_typed at its end or at a signal of `held`.
Result<std::string> read_line(int terminal, const HeldSignals& held) {
  const Descriptor signals{::signalfd(-1, &held.set(), SFD_CLOEXEC | SFD_NONBLOCK)};
  std::array<pollfd, 2> waiting{{{terminal, POLLIN, 0}, {signals.number(), POLLIN, 0}}};
  std::string line(line_bytes_max, '\0');
  for (;;) {
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return nothing_typed();
    if (waiting[1].revents != 0) return nothing_typed();  // Still pending: nobody has read it.
    if (waiting[0].revents == 0) continue;
    const ssize_t got = ::read(terminal, line.data(), line.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return nothing_typed();
    line.resize(static_cast<std::size_t>(got));
    if (line.back() == '\n') line.pop_back();
    return line;
  }
}

Descriptor open_terminal() {
  return Descriptor{::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)};
}

}  // namespace

bool ControllingTerminal::is_interactive() const {
  return ::isatty(STDIN_FILENO) == 1 && open_terminal().is_open();
}

Result<std::string> ControllingTerminal::ask(std::string_view prompt) {
  const Descriptor terminal = open_terminal();
  if (!terminal.is_open()) return nothing_typed();
  const HeldSignals held;
  show(terminal.number(), prompt);
  return read_line(terminal.number(), held);
}

Result<std::string> ControllingTerminal::ask_secret(std::string_view prompt) {
  const Descriptor terminal = open_terminal();
  if (!terminal.is_open()) return nothing_typed();
  const HeldSignals held;
  const WithoutEcho silence{terminal.number()};
  if (!silence.is_silent()) return nothing_typed();
  show(terminal.number(), prompt);
  Result<std::string> line = read_line(terminal.number(), held);
  show(terminal.number(), "\n");
  return line;
}

}  // namespace cpc::cli
