// Reading TOML so that every mistake is told with its file, line and key, several at once.
//
// A reader is asked for key after key. What it was asked for is what it knows; finish() complains
// of everything else. So the list of known keys is the list of calls, and cannot fall behind.
#pragma once

#include <toml++/toml.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace cpc::daemon {

/// What is wrong with one file, told in the order of its lines.
class ConfigProblems {
 public:
  explicit ConfigProblems(std::string file_name) : file_name_(std::move(file_name)) {}

  /// Line 0: the file as a whole. Control characters, which the sentence may have from the file,
  /// become question marks.
  void add(std::size_t line, std::string_view sentence);
  [[nodiscard]] bool none() const { return problems_.empty(); }
  [[nodiscard]] Error error() const;

 private:
  std::string file_name_;
  std::vector<std::pair<std::size_t, std::string>> problems_;
};

class ConfigReader {
 public:
  /// Reads `table`, whose keys are told as `prefix` + key. Both must outlive the reader.
  ConfigReader(const toml::table& table, std::string prefix, ConfigProblems& problems)
      : table_(table), prefix_(std::move(prefix)), problems_(problems) {}

  /// Each takes the value of `key` ("client.listen") into `into`, or leaves `into` alone if the key
  /// is absent or, after a complaint, wrong. Returns whether a value was taken.
  bool flag(std::string_view key, bool& into);
  bool number(std::string_view key, std::int64_t least, std::int64_t most, std::size_t& into);
  bool text(std::string_view key, std::string& into);
  bool texts(std::string_view key, std::vector<std::string>& into);
  bool choice(std::string_view key, std::span<const std::string_view> choices, std::size_t& into);

  /// The tables of [[key]], and the line of each.
  std::vector<std::pair<const toml::table*, std::size_t>> tables(std::string_view key);

  /// The line of `key`'s value, else of this table.
  [[nodiscard]] std::size_t line_of(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
  /// `sentence` follows the key's name: "client.listen " + sentence.
  void complain(std::string_view key, std::string_view sentence);

  /// Complains of every key that was never asked for.
  void finish();
  [[nodiscard]] const std::vector<std::string>& known() const { return known_; }

 private:
  [[nodiscard]] const toml::node* find(std::string_view key) const;
  const toml::node* take(std::string_view key);
  void complain_of_type(std::string_view key, const toml::node& node, std::string_view wanted);
  void look_for_unknown(const toml::table& table, const std::string& path);
  [[nodiscard]] std::string advice_for(const std::string& path) const;

  const toml::table& table_;
  std::string prefix_;
  ConfigProblems& problems_;
  std::vector<std::string> known_;
};

/// The least number of letters to insert, delete or exchange to make one from the other.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

}  // namespace cpc::daemon
