#include "federation/structured_fields.h"

#include <algorithm>
#include <utility>

namespace cpc::federation {
namespace {

constexpr int integer_digits_max = 15;  // RFC 8941 section 3.3.1

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}
bool is_lower(char letter) {
  return letter >= 'a' && letter <= 'z';
}
bool is_alpha(char letter) {
  return is_lower(letter) || (letter >= 'A' && letter <= 'Z');
}
bool is_key_letter(char letter) {
  return is_lower(letter) || is_digit(letter) ||
         std::string_view{"_-.*"}.find(letter) != std::string_view::npos;
}
bool is_token_letter(char letter) {  // tchar of RFC 9110, and ':' and '/'
  return is_alpha(letter) || is_digit(letter) ||
         std::string_view{"!#$%&'*+-.^_`|~:/"}.find(letter) != std::string_view::npos;
}
bool is_printable(char letter) {
  return letter >= 0x20 && letter <= 0x7e;
}

Error malformed(std::string why) {
  return fail(ErrorCode::invalid, "structured field: " + std::move(why));
}

// The parsing algorithms of RFC 8941 section 4.2, one function each, over a cursor.
class FieldReader {
 public:
  FieldReader(std::string_view text, const FieldLimits& limits) : rest_(text), limits_(limits) {}

  Result<FieldDictionary> dictionary() {
    FieldDictionary members;
    skip(" ");
    while (!rest_.empty()) {
      if (members.size() >= limits_.members_max) return too_many();
      CPC_TRY(std::string key, this->key());
      if (find_member(members, key) != nullptr) return malformed("a key twice in a dictionary");
      CPC_TRY(auto value, member_value());
      members.push_back({std::move(key), std::move(value)});
      skip(" \t");
      if (rest_.empty()) break;
      if (!accept(',')) return malformed("no comma between members");
      skip(" \t");
      if (rest_.empty()) return malformed("a comma at the end");
    }
    return members;
  }

 private:
  [[nodiscard]] static Error too_many() {
    return fail(ErrorCode::too_large, "structured field: too many members");
  }
  [[nodiscard]] bool at(char letter) const { return !rest_.empty() && rest_.front() == letter; }

  bool accept(char letter) {
    if (!at(letter)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void skip(std::string_view letters) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(letters), rest_.size()));
  }

  template <class Predicate>
  std::string_view take_while(Predicate matches) {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), matches);
    const auto taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  Result<std::string> key() {
    if (rest_.empty() || !(is_lower(rest_.front()) || rest_.front() == '*')) {
      return malformed("not a key");
    }
    return std::string{take_while(is_key_letter)};
  }

  Result<std::variant<FieldItem, InnerList>> member_value() {
    if (!accept('=')) {  // A key alone is the boolean true.
      CPC_TRY(FieldParameters found, parameters());
      return FieldItem{true, std::move(found)};
    }
    if (at('(')) {
      CPC_TRY(InnerList list, inner_list());
      return list;
    }
    CPC_TRY(FieldItem item, this->item());
    return item;
  }

  Result<InnerList> inner_list() {
    InnerList list;
    accept('(');
    for (;;) {
      skip(" ");
      if (accept(')')) break;
      if (list.items.size() >= limits_.members_max) return too_many();
      CPC_TRY(FieldItem item, this->item());
      list.items.push_back(std::move(item));
      if (!at(' ') && !at(')')) return malformed("an inner list that does not end");
    }
    CPC_TRY(list.parameters, parameters());
    return list;
  }

  Result<FieldItem> item() {
    CPC_TRY(FieldValue value, bare_item());
    CPC_TRY(FieldParameters found, parameters());
    return FieldItem{std::move(value), std::move(found)};
  }

  Result<FieldParameters> parameters() {
    FieldParameters found;
    while (accept(';')) {
      if (found.size() >= limits_.members_max) return too_many();
      skip(" ");
      CPC_TRY(std::string key, this->key());
      if (find_parameter(found, key) != nullptr) return malformed("a parameter twice");
      FieldValue value = true;
      if (accept('=')) {
        CPC_TRY(value, bare_item());
      }
      found.push_back({std::move(key), std::move(value)});
    }
    return found;
  }

  Result<FieldValue> bare_item() {
    if (rest_.empty()) return malformed("a value is missing");
    const char first = rest_.front();
    if (first == '"') return quoted_string();
    if (first == ':') return byte_sequence();
    if (first == '?') return boolean();
    if (first == '-' || is_digit(first)) return integer();
    if (first == '*' || is_alpha(first)) {
      return FieldValue{FieldToken{std::string{take_while(is_token_letter)}}};
    }
    return malformed("not an item");
  }

  Result<FieldValue> integer() {
    const bool negative = accept('-');
    const std::string_view digits = take_while(is_digit);
    if (digits.empty()) return malformed("a sign without digits");
    if (digits.size() > integer_digits_max) return malformed("an integer of over 15 digits");
    std::int64_t value = 0;
    for (const char digit : digits) value = value * 10 + (digit - '0');
    return FieldValue{negative ? -value : value};
  }

  Result<FieldValue> quoted_string() {
    accept('"');
    std::string text;
    while (!rest_.empty()) {
      if (accept('"')) return FieldValue{std::move(text)};
      if (accept('\\') && !at('"') && !at('\\')) return malformed("a wrong escape");
      if (rest_.empty() || !is_printable(rest_.front())) return malformed("a string not of ASCII");
      text.push_back(rest_.front());
      rest_.remove_prefix(1);
    }
    return malformed("a string that does not end");
  }

  Result<FieldValue> byte_sequence() {
    accept(':');
    const std::size_t end = rest_.find(':');
    if (end == std::string_view::npos) return malformed("a byte sequence that does not end");
    CPC_TRY(Bytes octets, from_base64(rest_.substr(0, end)));
    rest_.remove_prefix(end + 1);
    return FieldValue{FieldBytes{std::move(octets)}};
  }

  Result<FieldValue> boolean() {
    accept('?');
    if (accept('1')) return FieldValue{true};
    if (accept('0')) return FieldValue{false};
    return malformed("a boolean that is neither 0 nor 1");
  }

  std::string_view rest_;
  const FieldLimits& limits_;
};

struct ValueWriter {
  std::string& out;
  void operator()(std::int64_t value) const { out += std::to_string(value); }
  void operator()(const FieldToken& token) const { out += token.text; }
  void operator()(const FieldBytes& bytes) const { out += ":" + base64(bytes.octets) + ":"; }
  void operator()(bool value) const { out += value ? "?1" : "?0"; }
  void operator()(const std::string& text) const {
    out.push_back('"');
    for (const char letter : text) {
      if (letter == '"' || letter == '\\') out.push_back('\\');
      out.push_back(letter);
    }
    out.push_back('"');
  }
};

bool is_true(const FieldValue& value) {
  return std::holds_alternative<bool>(value) && std::get<bool>(value);
}

void append(std::string& out, const FieldParameters& parameters) {
  for (const FieldParameter& parameter : parameters) {
    out.append(";").append(parameter.key);
    if (is_true(parameter.value)) continue;
    out.push_back('=');
    std::visit(ValueWriter{out}, parameter.value);
  }
}

}  // namespace

Result<FieldDictionary> parse_field_dictionary(std::string_view text, const FieldLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return fail(ErrorCode::too_large, "structured field: over its size limit");
  }
  return FieldReader{text, limits}.dictionary();
}

std::string serialise(const FieldItem& item) {
  std::string out;
  std::visit(ValueWriter{out}, item.value);
  append(out, item.parameters);
  return out;
}

std::string serialise(const InnerList& list) {
  std::string out = "(";
  for (const FieldItem& item : list.items) {
    if (out.size() > 1) out.push_back(' ');
    out += serialise(item);
  }
  out.push_back(')');
  append(out, list.parameters);
  return out;
}

std::string serialise(const FieldDictionary& dictionary) {
  std::string out;
  for (const FieldMember& member : dictionary) {
    if (!out.empty()) out += ", ";
    out += member.key;
    const auto* item = std::get_if<FieldItem>(&member.value);
    if (item != nullptr && is_true(item->value)) {
      append(out, item->parameters);
      continue;
    }
    out.push_back('=');
    out += std::visit([](const auto& value) { return serialise(value); }, member.value);
  }
  return out;
}

const FieldMember* find_member(const FieldDictionary& dictionary, std::string_view key) {
  const auto found = std::find_if(dictionary.begin(), dictionary.end(),
                                  [&](const FieldMember& member) { return member.key == key; });
  return found == dictionary.end() ? nullptr : &*found;
}

const FieldValue* find_parameter(const FieldParameters& parameters, std::string_view key) {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const FieldParameter& one) { return one.key == key; });
  return found == parameters.end() ? nullptr : &found->value;
}

}  // namespace cpc::federation
