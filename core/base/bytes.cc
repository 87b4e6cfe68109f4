#include "core/base/bytes.h"

namespace cpc {
namespace {

constexpr std::string_view url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view standard_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> reversed(std::string_view alphabet) {
  std::array<std::int8_t, 256> values{};
  for (auto& value : values) value = -1;
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}
constexpr auto url_values = reversed(url_alphabet);
constexpr auto standard_values = reversed(standard_alphabet);

std::string encode(std::string_view raw, std::string_view alphabet) {
  std::string text;
  text.reserve((raw.size() * 4 + 2) / 3 + 2);
  std::uint32_t window = 0;
  int bits = 0;
  for (const char octet : raw) {
    window = (window << 8) | static_cast<std::uint8_t>(octet);
    for (bits += 8; bits >= 6; bits -= 6) text.push_back(alphabet[(window >> (bits - 6)) & 63]);
  }
  if (bits > 0) text.push_back(alphabet[(window << (6 - bits)) & 63]);
  return text;
}

Result<Bytes> decode(std::string_view text, const std::array<std::int8_t, 256>& values) {
  if (text.size() % 4 == 1) return fail(ErrorCode::invalid, "base64 of an impossible length");
  Bytes raw;
  raw.reserve(text.size() * 3 / 4);
  std::uint32_t window = 0;
  int bits = 0;
  for (const char letter : text) {
    const int value = values[static_cast<std::uint8_t>(letter)];
    if (value < 0) return fail(ErrorCode::invalid, "a letter outside the base64 alphabet");
    window = (window << 6) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      raw.push_back(static_cast<char>((window >> bits) & 255));
    }
  }
  if ((window & ((1u << bits) - 1)) != 0) {
    return fail(ErrorCode::invalid, "base64 with non-zero trailing bits");
  }
  return raw;
}

template <class Unsigned>
void append(Bytes& out, Unsigned value) {
  for (int shift = static_cast<int>(sizeof(Unsigned)) * 8 - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((value >> shift) & 255));
  }
}

}  // namespace

std::string base64url(std::string_view raw) {
  return encode(raw, url_alphabet);
}

Result<Bytes> from_base64url(std::string_view text) {
  return decode(text, url_values);
}

std::string base64(std::string_view raw) {
  std::string text = encode(raw, standard_alphabet);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

Result<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return fail(ErrorCode::invalid, "base64 without its padding");
  if (text.ends_with("==")) {
    text.remove_suffix(2);
  } else if (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  return decode(text, standard_values);  // Refuses '=' anywhere else.
}

void append_big_endian(Bytes& out, std::uint32_t value) {
  append(out, value);
}
void append_big_endian(Bytes& out, std::uint64_t value) {
  append(out, value);
}

}  // namespace cpc
