#include "daemon/config_reader.h"

#include <algorithm>
#include <numeric>

namespace cpc::daemon {
namespace {

std::size_t line_in(const toml::node& node) {
  return node.source().begin.line;
}

const char* name_of(toml::node_type type) {
  switch (type) {
    case toml::node_type::table:
      return "a section";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a fraction";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

std::string joined(std::span<const std::string_view> words, std::string_view between) {
  std::string text;
  for (const std::string_view word : words) {
    if (!text.empty()) text += between;
    text.append("\"").append(word).append("\"");
  }
  return text;
}

/// What a reader of terminals and logs can bear: control characters become question marks.
std::string printable(std::string_view text) {
  std::string safe{text};
  std::ranges::replace_if(
      safe, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return safe;
}

}  // namespace

void ConfigProblems::add(std::size_t line, std::string_view sentence) {
  problems_.emplace_back(line, printable(sentence));
}

Error ConfigProblems::error() const {
  auto sorted = problems_;
  std::ranges::stable_sort(sorted, {}, &std::pair<std::size_t, std::string>::first);
  std::string text;
  for (const auto& [line, sentence] : sorted) {
    if (!text.empty()) text += '\n';
    text += file_name_;
    if (line > 0) text.append(":").append(std::to_string(line));
    text.append(": ").append(sentence);
  }
  return fail(ErrorCode::invalid, std::move(text));
}

const toml::node* ConfigReader::find(std::string_view key) const {
  const toml::table* table = &table_;
  for (;;) {
    const std::size_t dot = key.find('.');
    const toml::node* const node = table->get(key.substr(0, dot));
    if (dot == std::string_view::npos || node == nullptr) return node;
    table = node->as_table();
    if (table == nullptr) return nullptr;  // finish() complains of it.
    key.remove_prefix(dot + 1);
  }
}

const toml::node* ConfigReader::take(std::string_view key) {
  known_.emplace_back(key);
  return find(key);
}

std::size_t ConfigReader::line_of(std::string_view key) const {
  const toml::node* const node = find(key);
  return line_in(node != nullptr ? *node : table_);
}

void ConfigReader::complain(std::string_view key, std::string_view sentence) {
  problems_.add(line_of(key), prefix_ + std::string{key} + " " + std::string{sentence});
}

void ConfigReader::complain_of_type(std::string_view key, const toml::node& node,
                                    std::string_view wanted) {
  complain(key, "must be " + std::string{wanted} + ", and this is " + name_of(node.type()));
}

bool ConfigReader::flag(std::string_view key, bool& into) {
  const toml::node* const node = take(key);
  if (node == nullptr) return false;
  if (!node->is_boolean()) {
    complain_of_type(key, *node, "true or false without quotes");
    return false;
  }
  into = node->as_boolean()->get();
  return true;
}

bool ConfigReader::number(std::string_view key, std::int64_t least, std::int64_t most,
                          std::size_t& into) {
  const toml::node* const node = take(key);
  if (node == nullptr) return false;
  if (!node->is_integer()) {
    complain_of_type(key, *node, "an integer without quotes");
    return false;
  }
  const std::int64_t value = node->as_integer()->get();
  if (value < least || value > most) {
    complain(key, "must be from " + std::to_string(least) + " to " + std::to_string(most) +
                      ", and this is " + std::to_string(value));
    return false;
  }
  into = static_cast<std::size_t>(value);
  return true;
}

bool ConfigReader::text(std::string_view key, std::string& into) {
  const toml::node* const node = take(key);
  if (node == nullptr) return false;
  if (!node->is_string()) {
    complain_of_type(key, *node, "a text in quotes");
    return false;
  }
  into = node->as_string()->get();
  return true;
}

bool ConfigReader::texts(std::string_view key, std::vector<std::string>& into) {
  const toml::node* const node = take(key);
  if (node == nullptr) return false;
  const toml::array* const array = node->as_array();
  if (array == nullptr) {
    complain_of_type(key, *node, "a list of texts such as [\"...\"]");
    return false;
  }
  std::vector<std::string> values;
  for (const toml::node& element : *array) {
    if (!element.is_string()) {
      complain_of_type(key, element, "a list of texts in quotes");
      return false;
    }
    values.push_back(element.as_string()->get());
  }
  into = std::move(values);
  return true;
}

bool ConfigReader::choice(std::string_view key, std::span<const std::string_view> choices,
                          std::size_t& into) {
  std::string word;
  if (!text(key, word)) return false;
  const auto found = std::ranges::find(choices, word);
  if (found == choices.end()) {
    complain(key, "must be one of " + joined(choices, ", ") + ", and this is \"" + word + "\"");
    return false;
  }
  into = static_cast<std::size_t>(found - choices.begin());
  return true;
}

std::vector<std::pair<const toml::table*, std::size_t>> ConfigReader::tables(std::string_view key) {
  const toml::node* const node = take(key);
  if (node == nullptr) return {};
  const toml::array* const array = node->as_array();
  const bool fits = array != nullptr && std::ranges::all_of(*array, [](const toml::node& element) {
                      return element.is_table();
                    });
  if (!fits) {
    complain(key, "is written as [[" + std::string{key} + "]], one section each");
    return {};
  }
  std::vector<std::pair<const toml::table*, std::size_t>> found;
  for (const toml::node& element : *array) found.emplace_back(element.as_table(), line_in(element));
  return found;
}

void ConfigReader::finish() {
  look_for_unknown(table_, "");
}

void ConfigReader::look_for_unknown(const toml::table& table, const std::string& path) {
  for (const auto& [key, node] : table) {
    const std::string whole = path + std::string{key.str()};
    if (std::ranges::find(known_, whole) != known_.end()) continue;
    const bool is_section = std::ranges::any_of(
        known_, [&](const std::string& name) { return name.starts_with(whole + "."); });
    if (!is_section) {
      problems_.add(key.source().begin.line,
                    "unknown key " + prefix_ + whole + "; " + advice_for(whole));
    } else if (const toml::table* const inner = node.as_table()) {
      look_for_unknown(*inner, whole + ".");
    } else {
      std::string text = whole;
      text.append(" is a section, written [").append(whole).append("], and this is ");
      problems_.add(line_in(node), text + name_of(node.type()));
    }
  }
}

std::string ConfigReader::advice_for(const std::string& path) const {
  const auto distance = [&path](const std::string& name) {
    // A key in the wrong section is near, too: its last word is the right one.
    const auto last_word = [](std::string_view whole) {
      return whole.substr(whole.rfind('.') + 1);
    };
    const std::size_t whole = edit_distance(path, name);
    return last_word(path) == last_word(name) ? std::min<std::size_t>(whole, 1) : whole;
  };
  std::string nearest;
  std::size_t least = 1 + std::min<std::size_t>(path.size() / 3, 4);
  for (const std::string& name : known_) {
    if (distance(name) < least) {
      least = distance(name);
      nearest = name;
    }
  }
  if (!nearest.empty()) return "did you mean " + prefix_ + nearest + "?";
  return "remove it, or look up the keys in the commented cpcd.toml that came with cpcd";
}

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t exchanged = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, exchanged});
    }
  }
  return row.back();
}

}  // namespace cpc::daemon
