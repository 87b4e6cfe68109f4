// Asking a person. A port, because tests have no terminal, and a password must not be shown on one.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace cpc::cli {

class Terminal {
 public:
  virtual ~Terminal() = default;
  /// False in scripts and pipes: then nothing is asked.
  [[nodiscard]] virtual bool is_interactive() const = 0;
  /// Shows `prompt`, not on stdout, and reads a line. Fails with unavailable if there is none.
  virtual Result<std::string> ask(std::string_view prompt) = 0;
  /// The same without showing what is typed. The caller wipes it.
  virtual Result<std::string> ask_secret(std::string_view prompt) = 0;
};

/// The terminal that cpcctl was started from, even when stdout and stderr go elsewhere.
class ControllingTerminal final : public Terminal {
 public:
  [[nodiscard]] bool is_interactive() const override;
  Result<std::string> ask(std::string_view prompt) override;
  Result<std::string> ask_secret(std::string_view prompt) override;
};

}  // namespace cpc::cli
