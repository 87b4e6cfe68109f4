#include "tests/fuzz/target.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>

namespace cpc::fuzz {

void promise(bool is_kept, const char* what) {
  if (is_kept) return;
  std::fprintf(stderr, "a promise was broken: %s\n", what);
  std::abort();
}

std::string altered(std::string text, std::size_t lot) {
  char& octet = text[lot % text.size()];
  octet = static_cast<char>(octet ^ (1 + lot / text.size() % 255));
  return text;
}

std::size_t lot_of(std::string_view octets) {
  return std::hash<std::string_view>{}(octets);
}

std::string_view cut(std::string_view& rest, std::string_view mark) {
  const std::size_t at = rest.find(mark);
  const std::string_view before = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + mark.size());
  return before;
}

}  // namespace cpc::fuzz

// The name that libFuzzer calls.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t count) {
  // libFuzzer gives a null pointer for no octets, which a string_view should not hold.
  if (count == 0) octets = reinterpret_cast<const std::uint8_t*>("");
  cpc::fuzz::run({reinterpret_cast<const char*>(octets), count});
  return 0;
}
