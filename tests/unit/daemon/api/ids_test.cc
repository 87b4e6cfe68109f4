// Ids and cursors: what we gave out is read back, and nothing else is.

#include "daemon/api/ids.h"

#include <catch2/catch.hpp>

#include "core/codes.h"

namespace cpc::api {
namespace {

template <class Id>
Id id_of(char letter) {
  return Id::from_bytes(Bytes(Id::size, letter)).value();
}

const core::StoreEpoch epoch = id_of<core::StoreEpoch>('e');
const core::StoreEpoch other_epoch = id_of<core::StoreEpoch>('f');
const core::ConversationId conversation = id_of<core::ConversationId>('c');
const core::EventKey message{conversation, id_of<core::Iid>('a'), id_of<core::EventId>('m')};
const core::Address anna = core::Address::parse("anna@alpha.cpc").value();

template <class Read>
std::string_view code_of(const Read& read) {
  return read ? std::string_view{"none"} : core::stable_code(read.error());
}

}  // namespace

TEST_CASE("an id is read back as what it was made of") {
  CHECK(read_conversation_id(conversation_id(conversation)).value() == conversation);
  CHECK(read_message_id(message_id(message)).value() == message);
  CHECK(read_request_id(request_id(anna)).value() == anna);
  CHECK(read_change_cursor(change_cursor(epoch, 42), epoch).value() == 42);
  CHECK(read_consent_version(consent_version(epoch, 3), epoch).value() == 3);
  CHECK(read_list_cursor(list_cursor(7)).value() == 7);
}

TEST_CASE("an id of one kind is none of another, and nonsense is none of any") {
  const std::string too_long(100'000, 'A');
  for (const std::string& wrong :
       {std::string{}, std::string{"c"}, std::string{"c!"}, std::string{"cAAAA"},
        conversation_id(conversation) + "A", message_id(message).substr(0, 40), user_id(anna),
        change_cursor(epoch, 1), "c" + too_long, "m" + too_long, "r" + too_long, "l" + too_long}) {
    INFO(wrong.substr(0, 80));
    CHECK(code_of(read_conversation_id(wrong)) == "ID_INVALID");
    CHECK(code_of(read_message_id(wrong)) == "ID_INVALID");
    CHECK(code_of(read_request_id(wrong)) == "ID_INVALID");
    CHECK(code_of(read_list_cursor(wrong)) == "CURSOR_INVALID");
  }
  CHECK(code_of(read_conversation_id(message_id(message))) == "ID_INVALID");
  CHECK(code_of(read_message_id(conversation_id(conversation))) == "ID_INVALID");
  CHECK(code_of(read_list_cursor("l" + base64url("-1"))) == "CURSOR_INVALID");
  CHECK(code_of(read_list_cursor("l" + base64url("99999999999999999999"))) == "CURSOR_INVALID");
}

TEST_CASE("a cursor of a store that was restored since has expired; what is none is invalid") {
  CHECK(code_of(read_change_cursor(change_cursor(other_epoch, 42), epoch)) == "CURSOR_EXPIRED");
  for (const char* wrong : {"", "e", "e.", "e.1", "42", "x.1.1"}) {
    INFO(wrong);
    CHECK(code_of(read_change_cursor(wrong, epoch)) == "CURSOR_INVALID");
  }
  const std::string good = change_cursor(epoch, 42);
  CHECK(code_of(read_change_cursor(good + "x", epoch)) == "CURSOR_INVALID");
  CHECK(code_of(read_change_cursor(change_cursor(epoch, -1), epoch)) == "CURSOR_INVALID");
  CHECK(code_of(read_change_cursor(consent_version(epoch, 1), epoch)) == "CURSOR_INVALID");
}

TEST_CASE("a version of a consent holds in its store only") {
  CHECK(code_of(read_consent_version(consent_version(other_epoch, 3), epoch)) == "CONSENT_STALE");
  CHECK(code_of(read_consent_version("3", epoch)) == "CONSENT_STALE");
  CHECK(code_of(read_consent_version("", epoch)) == "CONSENT_STALE");
}

}  // namespace cpc::api
