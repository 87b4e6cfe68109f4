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
const crypto::MasterKey master = crypto::MasterKey::from_bytes(Bytes(32, 'k')).value();
const core::Home home{core::InstanceName::parse("alpha.cpc").value(), id_of<core::Iid>('a'), epoch,
                      1, master};
const core::Home restored{home.name, home.iid, other_epoch, 2, master};
const std::string anna_local = "anna";
const std::string ben_local = "ben";
const CursorOwner annas{home, anna_local};
const CursorOwner bens{home, ben_local};
const CursorOwner annas_later{restored, anna_local};
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
  CHECK(read_change_cursor(change_cursor(annas, 42), annas).value() == 42);
  CHECK(read_change_cursor(change_cursor(annas, 42, "saltsalt"), annas).value() == 42);
  CHECK(read_consent_version(consent_version(epoch, 3), epoch).value() == 3);
  CHECK(read_list_cursor(list_cursor(annas, 7), annas).value() == 7);
  const core::ConsentKey key{"anna", core::ConsentType::cross_instance, core::ConsentScope::anyone,
                             "*"};
  CHECK(read_consent_cursor(consent_cursor(key), "anna").value() == key);
  CHECK(read_consent_cursor(consent_cursor(key), "ben").value().owner == "ben");
}

TEST_CASE("an id of one kind is none of another, and nonsense is none of any") {
  const std::string too_long(100'000, 'A');
  for (const std::string& wrong :
       {std::string{}, std::string{"c"}, std::string{"c!"}, std::string{"cAAAA"},
        conversation_id(conversation) + "A", message_id(message).substr(0, 40), user_id(anna),
        change_cursor(annas, 1), "c" + too_long, "m" + too_long, "r" + too_long, "l" + too_long,
        "k" + too_long, "k" + base64url("11no subject"), "k" + base64url("41*"),
        list_cursor(bens, 1)}) {
    INFO(wrong.substr(0, 80));
    CHECK(code_of(read_conversation_id(wrong)) == "ID_INVALID");
    CHECK(code_of(read_message_id(wrong)) == "ID_INVALID");
    CHECK(code_of(read_request_id(wrong)) == "ID_INVALID");
    CHECK(code_of(read_list_cursor(wrong, annas)) == "CURSOR_INVALID");
    CHECK(code_of(read_consent_cursor(wrong, "anna")) == "CURSOR_INVALID");
  }
  CHECK(code_of(read_conversation_id(message_id(message))) == "ID_INVALID");
  CHECK(code_of(read_message_id(conversation_id(conversation))) == "ID_INVALID");
  CHECK(code_of(read_list_cursor("l" + base64url("7"), annas)) == "CURSOR_INVALID");
  CHECK(code_of(read_list_cursor("l" + change_cursor(annas, 1).substr(24), annas)) ==
        "CURSOR_INVALID");
}

TEST_CASE("a cursor of a store that was restored since has expired; what is none is invalid") {
  CHECK(code_of(read_change_cursor(change_cursor(annas, 42), annas_later)) == "CURSOR_EXPIRED");
  const std::string good = change_cursor(annas, 42);
  const std::string clear = "e" + to_text(epoch) + ".";
  for (const std::string& wrong :
       {std::string{}, std::string{"e"}, std::string{"e."}, std::string{"e.1"}, std::string{"42"},
        std::string{"x.1.1"}, clear, clear + "42", clear + std::string(10'000, 'A'), good + "x",
        good.substr(0, good.size() - 4), consent_version(epoch, 1)}) {
    INFO(wrong.substr(0, 80));
    CHECK(code_of(read_change_cursor(wrong, annas)) == "CURSOR_INVALID");
  }
  // An old number under the new epoch's name.
  const std::string moved = "e" + to_text(other_epoch) + good.substr(good.find('.'));
  CHECK(code_of(read_change_cursor(moved, annas_later)) == "CURSOR_INVALID");
}

TEST_CASE("a cursor is of use to one person only, and shows nothing of the number inside") {
  CHECK(code_of(read_change_cursor(change_cursor(bens, 42), annas)) == "CURSOR_INVALID");
  CHECK(change_cursor(annas, 42) == change_cursor(annas, 42));
  CHECK(change_cursor(annas, 42) != change_cursor(bens, 42));
  const auto shown = [](const std::string& cursor) {
    return from_base64url(cursor.substr(cursor.find('.') + 1)).value();
  };
  const Bytes one = shown(change_cursor(annas, 42));
  const Bytes next = shown(change_cursor(annas, 43));
  CHECK(one.substr(0, 24) != next.substr(0, 24));
  CHECK(one.substr(24, 7) != next.substr(24, 7));
  CHECK(change_cursor(annas, 42, "12345678") != change_cursor(annas, 42, "12345679"));
}

TEST_CASE("a version of a consent holds in its store only") {
  CHECK(code_of(read_consent_version(consent_version(other_epoch, 3), epoch)) == "CONSENT_STALE");
  CHECK(code_of(read_consent_version("3", epoch)) == "CONSENT_STALE");
  CHECK(code_of(read_consent_version("", epoch)) == "CONSENT_STALE");
}

}  // namespace cpc::api
