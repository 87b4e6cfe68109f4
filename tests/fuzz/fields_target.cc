// Structured field values: what Signature-Input, Signature and Content-Digest are written in.
#include "federation/structured_fields.h"
#include "tests/fuzz/target.h"

namespace cpc::fuzz {

using namespace federation;

void run(std::string_view octets) {
  const auto read = parse_field_dictionary(octets);
  if (!read) return;
  const FieldDictionary& fields = read.value();
  const FieldLimits limits;
  promise(octets.size() <= limits.bytes_max, "a field is short");
  promise(fields.size() <= limits.members_max, "a field has few members");
  for (const FieldMember& member : fields) {
    promise(find_member(fields, member.key) == &member, "a key stands once");
  }
  const std::string text = serialise(fields);
  const auto again = parse_field_dictionary(text, {text.size(), limits.members_max});
  promise(again.has_value() && again.value() == fields,
          "a field that is written again reads as the same");
  promise(serialise(again.value()) == text, "a field has one canonical text");
}

}  // namespace cpc::fuzz
