// Log lines on standard error, for journald: logfmt or JSON, one line each. Any thread.
#pragma once

#include <mutex>

#include "core/base/log.h"
#include "daemon/config.h"

namespace cpc::daemon {

class StderrLog final : public Log {
 public:
  explicit StderrLog(const LogConfig& config) : config_(config) {}
  void info(std::string_view sentence, std::initializer_list<Field> fields) override;
  void warn(std::string_view sentence, std::initializer_list<Field> fields) override;
  void error(std::string_view sentence, std::initializer_list<Field> fields) override;

 private:
  void write(LogLevel level, std::string_view sentence, std::initializer_list<Field> fields);
  LogConfig config_;
  std::mutex mutex_;  // One line at a time.
};

/// `level=warn msg="peer became unreachable" peer=beta.cpc`; values are quoted where they must be,
/// control characters escaped. No time: journald adds it.
[[nodiscard]] std::string logfmt_line(LogLevel level, std::string_view sentence,
                                      std::initializer_list<Field> fields);
[[nodiscard]] std::string json_line(LogLevel level, std::string_view sentence,
                                    std::initializer_list<Field> fields);

}  // namespace cpc::daemon
