// Text for people: tables, times, and words from elsewhere made harmless. Not a contract; programs
// read --json.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"

namespace cpc::cli {

enum class Paint { none, good, bad, dim };

/// `text` without control characters, each a '?': what a peer said must not steer a terminal.
[[nodiscard]] std::string printable(std::string_view text);

/// `text` in color, if `color`.
[[nodiscard]] std::string painted(std::string text, Paint paint, bool color);

/// Of two units at most one: "41 s", "22 min", "3 h", "12 d".
[[nodiscard]] std::string duration_text(Milliseconds duration);
/// "2026-11-22 05:50:11Z"
[[nodiscard]] std::string time_text(TimePoint time);
/// "22 min ago", "in 10 min"; `otherwise` for no time.
[[nodiscard]] std::string relative_text(const std::optional<TimePoint>& time, TimePoint now,
                                        std::string_view otherwise);
/// "2026-11-22 05:50:11Z (22 min ago)"
[[nodiscard]] std::string full_text(const std::optional<TimePoint>& time, TimePoint now,
                                    std::string_view otherwise);

/// "a, b"; `otherwise` where there is none.
[[nodiscard]] std::string joined(const std::vector<std::string>& words,
                                 std::string_view otherwise = "");
/// "1 peer", "2 peers"
[[nodiscard]] std::string counted(std::int64_t count, std::string_view noun);

/// Lines of `name  value`, the values under each other. Values are made printable.
class Sheet {
 public:
  void add(std::string name, std::string_view value, Paint paint = Paint::none);
  void print(std::ostream& out, bool color) const;

 private:
  struct Line {
    std::string name;
    std::string value;
    Paint paint;
  };
  std::vector<Line> lines_;
};

/// Columns as wide as their widest cell. Cells are made printable; an empty one is "-".
class Table {
 public:
  struct Column {
    std::string title;
    bool is_number = false;  ///< Aligned right.
  };
  struct Cell {
    Cell(std::string cell_text, Paint cell_paint = Paint::none)  // NOLINT: cells are mostly text
        : text(std::move(cell_text)), paint(cell_paint) {}
    std::string text;
    Paint paint;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// As many cells as columns.
  void add(std::vector<Cell> row);
  void print(std::ostream& out, bool color) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace cpc::cli
