// DNS answers written octet by octet, as a server might, honest or not.
#pragma once

#include <string>
#include <string_view>

namespace cpc::tests {

inline std::string octets16(unsigned number) {
  return {static_cast<char>(number >> 8 & 255), static_cast<char>(number & 255)};
}

inline std::string octets32(unsigned long number) {
  return octets16(static_cast<unsigned>(number >> 16)) + octets16(static_cast<unsigned>(number));
}

/// Without compression.
inline std::string wire_name(std::string_view name) {
  std::string octets;
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('.'), name.size());
    octets += static_cast<char>(end);
    octets += name.substr(0, end);
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return octets + '\0';
}

inline std::string dns_record(std::string_view owner, unsigned type, const std::string& data,
                              unsigned long ttl_s = 300, unsigned klass = 1) {
  return wire_name(owner) + octets16(type) + octets16(klass) + octets32(ttl_s) +
         octets16(static_cast<unsigned>(data.size())) + data;
}

inline std::string srv_data(unsigned priority, unsigned weight, unsigned port,
                            std::string_view target) {
  return octets16(priority) + octets16(weight) + octets16(port) + wire_name(target);
}

inline std::string txt_data(std::string_view text) {
  std::string octets;
  while (text.size() > 255) {
    octets += '\xff';
    octets += text.substr(0, 255);
    text.remove_prefix(255);
  }
  octets += static_cast<char>(text.size());
  return octets + std::string{text};
}

struct WrittenAnswer {
  std::string name;
  unsigned type = 33;
  std::string answers{};
  unsigned answer_count = 0;
  std::string authorities{};
  unsigned authority_count = 0;
  unsigned flags = 0x8580;  ///< Reply, authoritative, recursion.

  WrittenAnswer& add(const std::string& record) {
    answers += record;
    ++answer_count;
    return *this;
  }
  [[nodiscard]] std::string octets() const {
    return octets16(0x1234) + octets16(flags) + octets16(1) + octets16(answer_count) +
           octets16(authority_count) + octets16(0) + wire_name(name) + octets16(type) +
           octets16(1) + answers + authorities;
  }
};

}  // namespace cpc::tests
