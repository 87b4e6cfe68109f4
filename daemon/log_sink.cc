#include "daemon/log_sink.h"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace cpc::daemon {
namespace {

constexpr std::size_t value_bytes_max = 1024;

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      break;
  }
  return "error";
}

std::string clean(std::string_view text) {
  return std::string{text.substr(0, value_bytes_max)};
}

// A JSON string literal; octets that are not UTF-8 become U+FFFD.
std::string json_text(std::string_view text) {
  return nlohmann::json(clean(text)).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

std::string value_of(std::string_view text) {
  const bool is_plain =
      !text.empty() && text.size() <= value_bytes_max && std::ranges::all_of(text, [](char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
      });
  return is_plain ? std::string{text} : json_text(text);
}

}  // namespace

std::string logfmt_line(LogLevel level, std::string_view sentence,
                        std::initializer_list<Field> fields) {
  std::string line = "level=" + std::string{name_of(level)} + " msg=" + json_text(sentence);
  for (const Field& field : fields) {
    line.append(1, ' ').append(field.name).append(1, '=').append(value_of(field.text));
  }
  return line;
}

std::string json_line(LogLevel level, std::string_view sentence,
                      std::initializer_list<Field> fields) {
  std::string line =
      "{\"level\":\"" + std::string{name_of(level)} + "\",\"msg\":" + json_text(sentence);
  for (const Field& field : fields) {
    line.append(",").append(json_text(field.name)).append(":").append(json_text(field.text));
  }
  return line + "}";
}

void StderrLog::info(std::string_view sentence, std::initializer_list<Field> fields) {
  write(LogLevel::info, sentence, fields);
}
void StderrLog::warn(std::string_view sentence, std::initializer_list<Field> fields) {
  write(LogLevel::warn, sentence, fields);
}
void StderrLog::error(std::string_view sentence, std::initializer_list<Field> fields) {
  write(LogLevel::error, sentence, fields);
}

void StderrLog::write(LogLevel level, std::string_view sentence,
                      std::initializer_list<Field> fields) {
  if (level < config_.level) return;
  std::string line = config_.format == LogFormat::json ? json_line(level, sentence, fields)
                                                       : logfmt_line(level, sentence, fields);
  line.push_back('\n');
  const std::scoped_lock lock{mutex_};
  // A log that cannot be written is nobody's to hear about.
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;
}

}  // namespace cpc::daemon
