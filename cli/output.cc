#include "cli/output.h"

#include <algorithm>
#include <cstdio>
#include <ostream>

namespace cpc::cli {
namespace {

constexpr const char* gap = "  ";

/// Columns that a text takes, near enough: one for each UTF-8 character.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t columns, bool is_number) {
  const std::size_t used = width(text);
  const std::string space(columns > used ? columns - used : 0, ' ');
  return is_number ? space + text : text + space;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    const bool is_c1 = octet == 0xc2 && next >= 0x80 && next <= 0x9f;  // U+0080 to U+009F
    if (is_c1) ++i;
    safe.push_back(is_c1 || octet < 0x20 || octet == 0x7f ? '?' : text[i]);
  }
  return safe;
}

std::string painted(std::string text, Paint paint, bool color) {
  if (!color || paint == Paint::none) return text;
  const char* const code = paint == Paint::good ? "32" : paint == Paint::bad ? "31" : "2";
  return "\x1b[" + std::string{code} + "m" + text + "\x1b[0m";
}

std::string duration_text(Milliseconds duration) {
  const std::int64_t seconds = std::max<std::int64_t>(duration.count() / 1000, 0);
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 2 * 3600) return std::to_string(seconds / 60) + " min";
  if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86'400) + " d";
}

std::string time_text(TimePoint time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::string relative_text(const std::optional<TimePoint>& time, TimePoint now,
                          std::string_view otherwise) {
  if (!time) return std::string{otherwise};
  if (*time > now) return "in " + duration_text(*time - now);
  return duration_text(now - *time) + " ago";
}

std::string full_text(const std::optional<TimePoint>& time, TimePoint now,
                      std::string_view otherwise) {
  if (!time) return std::string{otherwise};
  return time_text(*time) + " (" + relative_text(time, now, "") + ")";
}

std::string joined(const std::vector<std::string>& words, std::string_view otherwise) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? std::string{otherwise} : text;
}

std::string counted(std::int64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string{noun} + (count == 1 ? "" : "s");
}

void Sheet::add(std::string name, std::string_view value, Paint paint) {
  lines_.push_back({std::move(name), printable(value), paint});
}

void Sheet::print(std::ostream& out, bool color) const {
  std::size_t columns = 0;
  for (const Line& line : lines_) columns = std::max(columns, width(line.name));
  for (const Line& line : lines_) {
    out << padded(line.name, columns, false) << gap << painted(line.value, line.paint, color)
        << '\n';
  }
}

void Table::add(std::vector<Cell> row) {
  for (Cell& cell : row) cell.text = cell.text.empty() ? "-" : printable(cell.text);
  rows_.push_back(std::move(row));
}

void Table::print(std::ostream& out, bool color) const {
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t widest = width(columns_[i].title);
    for (const auto& row : rows_) widest = std::max(widest, width(row.at(i).text));
    columns.push_back(widest);
  }
  const auto print_row = [&](const auto& text_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const bool is_last = i + 1 == columns_.size();
      line += text_of(i, is_last && !columns_[i].is_number ? 0 : columns[i]);
      if (!is_last) line += gap;
    }
    out << line << '\n';
  };
  print_row([&](std::size_t i, std::size_t wide) {
    return padded(columns_[i].title, wide, columns_[i].is_number);
  });
  for (const auto& row : rows_) {
    print_row([&](std::size_t i, std::size_t wide) {
      return painted(padded(row[i].text, wide, columns_[i].is_number), row[i].paint, color);
    });
  }
}

}  // namespace cpc::cli
