#include "daemon/admin_protocol/codec.h"

#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "daemon/admin_protocol/directory_fields.h"
#include "daemon/admin_protocol/fields.h"

namespace cpc::admin_protocol {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<DaemonState, std::string_view>, 4> daemon_states{{
    {DaemonState::starting, "starting"},
    {DaemonState::running, "running"},
    {DaemonState::degraded, "degraded"},
    {DaemonState::stopping, "stopping"},
}};
constexpr std::array<std::pair<PeerState, std::string_view>, 5> peer_states{{
    {PeerState::reachable, "reachable"},
    {PeerState::unreachable, "unreachable"},
    {PeerState::never, "never"},
    {PeerState::blocked, "blocked"},
    {PeerState::conflict, "conflict"},
}};
constexpr const auto& names_of(DaemonState) {
  return daemon_states;
}
constexpr const auto& names_of(PeerState) {
  return peer_states;
}

template <class Enum>
std::string_view name_of(Enum value) {
  for (const auto& [known, name] : names_of(value)) {
    if (known == value) return name;
  }
  return "";
}

template <class Message>
concept HasSchema = requires {
  Message::schema;
};

// --- to JSON ------------------------------------------------------------------------------------

template <class Message>
Json to_json(const Message& message);

Json value_of(const std::string& text) {
  return text;
}
Json value_of(std::int64_t number) {
  return number;
}
Json value_of(bool flag) {
  return flag;
}
Json value_of(TimePoint time) {
  return to_milliseconds(time);
}
template <class Enum>
requires std::is_enum_v<Enum> Json value_of(Enum value) {
  return name_of(value);
}
template <class Message>
requires std::is_class_v<Message> Json value_of(const Message& message) {
  return to_json(message);
}
template <class Value>
Json value_of(const std::vector<Value>& values) {
  Json array = Json::array();
  for (const Value& value : values) array.push_back(value_of(value));
  return array;
}

struct Encoder {
  Json& object;
  template <class Value>
  void operator()(const char* name, const Value& value) {
    object[name] = value_of(value);
  }
  template <class Value>
  void operator()(const char* name, const std::optional<Value>& value) {
    if (value) object[name] = value_of(*value);
  }
};

template <class Message>
Json to_json(const Message& message) {
  Json object = Json::object();
  Encoder encoder{object};
  fields(encoder, message);
  return object;
}

// --- from JSON ----------------------------------------------------------------------------------

template <class Message>
Result<> from_json(const Json& json, Message& message);

/// A detail that continues the name of the value: " is not a text", ".schema is missing".
Error wrong(std::string why) {
  return fail(ErrorCode::invalid, std::move(why));
}

Result<> read(const Json& json, std::string& text) {
  if (!json.is_string()) return wrong(" is not a text");
  text = json.get<std::string>();
  return success();
}
Result<> read(const Json& json, std::int64_t& number) {
  if (!json.is_number_integer()) return wrong(" is not an integer");
  const bool is_huge = json.is_number_unsigned() &&
                       json.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max();
  if (is_huge) return wrong(" is not an integer of 64 bits");
  number = json.get<std::int64_t>();
  return success();
}
Result<> read(const Json& json, bool& flag) {
  if (!json.is_boolean()) return wrong(" is not true or false");
  flag = json.get<bool>();
  return success();
}
Result<> read(const Json& json, TimePoint& time) {
  std::int64_t milliseconds = 0;
  CPC_TRY(read(json, milliseconds));
  time = from_milliseconds(milliseconds);
  return success();
}
template <class Enum>
requires std::is_enum_v<Enum> Result<> read(const Json& json, Enum& value) {
  for (const auto& [known, name] : names_of(value)) {
    if (json == name) {
      value = known;
      return success();
    }
  }
  return wrong(" is not a state we know");
}
template <class Message>
requires std::is_class_v<Message> Result<> read(const Json& json, Message& message) {
  return from_json(json, message);
}
template <class Value>
Result<> read(const Json& json, std::optional<Value>& value) {
  return read(json, value.emplace());
}
template <class Value>
Result<> read(const Json& json, std::vector<Value>& values) {
  if (!json.is_array()) return wrong(" is not an array");
  for (const Json& element : json) {
    const std::string place = "[" + std::to_string(values.size()) + "]";
    const Result<> done = read(element, values.emplace_back());
    if (done.has_error()) return wrong(place + done.error().detail);
  }
  return success();
}

template <class Value>
constexpr bool is_optional = false;
template <class Value>
constexpr bool is_optional<std::optional<Value>> = true;

/// Takes the fields out of an object one by one, up to the first that is wrong.
struct Decoder {
  const Json& object;
  Result<> outcome = success();
  std::size_t taken = 0;

  template <class Value>
  void operator()(const char* name, Value& value) {
    if (outcome.has_error()) return;
    const auto found = object.find(name);
    const bool is_absent = found == object.end() || (is_optional<Value> && found->is_null());
    if (found != object.end()) ++taken;
    if (is_absent) {
      if constexpr (!is_optional<Value>) outcome = wrong("." + std::string{name} + " is missing");
      return;
    }
    const Result<> done = read(*found, value);
    if (done.has_error()) outcome = wrong("." + (name + done.error().detail));
  }
};

template <class Message>
Result<> from_json(const Json& json, Message& message) {
  if (!json.is_object()) return wrong(" is not an object");
  Decoder decoder{json};
  fields(decoder, message);
  CPC_TRY(decoder.outcome);
  constexpr bool is_request = requires {
    Message::path;
  };
  if (is_request && decoder.taken != json.size()) {
    return wrong(" has a field that this version does not know");
  }
  return success();
}

}  // namespace

template <class Message>
std::string encode(const Message& message) {
  Json json = Json::object();
  if constexpr (HasSchema<Message>) json["schema"] = Message::schema;
  Encoder encoder{json};
  fields(encoder, message);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <class Message>
Result<Message> decode(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return fail(ErrorCode::invalid, "the body is not JSON");
  if constexpr (HasSchema<Message>) {
    const bool fits = json.is_object() && json.value("schema", Json{}) == Message::schema;
    if (!fits) return fail(ErrorCode::invalid, "schema is not " + std::string{Message::schema});
  }
  Message message;
  const Result<> done = from_json(json, message);
  if (done.has_value()) return message;
  const std::string& why = done.error().detail;
  return fail(ErrorCode::invalid, why.starts_with('.') ? why.substr(1) : "the body" + why);
}

#define CPC_ADMIN_MESSAGE(Message)                      \
  template std::string encode<Message>(const Message&); \
  template Result<Message> decode<Message>(std::string_view)

CPC_ADMIN_MESSAGE(Problem);
CPC_ADMIN_MESSAGE(StatusRequest);
CPC_ADMIN_MESSAGE(Status);
CPC_ADMIN_MESSAGE(UserCreateRequest);
CPC_ADMIN_MESSAGE(UserCreated);
CPC_ADMIN_MESSAGE(UserPasswdRequest);
CPC_ADMIN_MESSAGE(UserPasswordSet);
CPC_ADMIN_MESSAGE(UserDisableRequest);
CPC_ADMIN_MESSAGE(UserDisabled);
CPC_ADMIN_MESSAGE(PeerListRequest);
CPC_ADMIN_MESSAGE(PeerList);
CPC_ADMIN_MESSAGE(PeerShowRequest);
CPC_ADMIN_MESSAGE(PeerDetail);
CPC_ADMIN_MESSAGE(KeyListRequest);
CPC_ADMIN_MESSAGE(KeyList);
CPC_ADMIN_MESSAGE(KeyRotateRequest);
CPC_ADMIN_MESSAGE(KeyRevokeRequest);
CPC_ADMIN_MESSAGE(KeyChanged);
CPC_ADMIN_MESSAGE(KeyExportRequest);
CPC_ADMIN_MESSAGE(KeyExport);
CPC_ADMIN_MESSAGE(KeyImportRequest);
CPC_ADMIN_MESSAGE(PeerAddRequest);
CPC_ADMIN_MESSAGE(PeerPinRequest);
CPC_ADMIN_MESSAGE(PeerRefreshRequest);
CPC_ADMIN_MESSAGE(PeerRebindRequest);
CPC_ADMIN_MESSAGE(PeerRebound);
CPC_ADMIN_MESSAGE(PeerForgetRequest);
CPC_ADMIN_MESSAGE(PeerForgotten);
CPC_ADMIN_MESSAGE(PeerBlockRequest);
CPC_ADMIN_MESSAGE(PeerBlocked);
CPC_ADMIN_MESSAGE(PeerEvidenceRequest);
CPC_ADMIN_MESSAGE(PeerEvidence);
CPC_ADMIN_MESSAGE(DirectoryListRequest);
CPC_ADMIN_MESSAGE(DirectoryShowRequest);
CPC_ADMIN_MESSAGE(DirectoryFollowRequest);
CPC_ADMIN_MESSAGE(DirectoryImportRequest);
CPC_ADMIN_MESSAGE(DirectoryExportRequest);
CPC_ADMIN_MESSAGE(DirectoryRefreshRequest);
CPC_ADMIN_MESSAGE(DirectoryDropRequest);
CPC_ADMIN_MESSAGE(DirectoryList);
CPC_ADMIN_MESSAGE(DirectoryDetail);
CPC_ADMIN_MESSAGE(DirectoryChanged);
CPC_ADMIN_MESSAGE(DirectoryExport);
CPC_ADMIN_MESSAGE(DirectoryDropped);
CPC_ADMIN_MESSAGE(RouteRequest);
CPC_ADMIN_MESSAGE(Route);

#undef CPC_ADMIN_MESSAGE

std::string_view to_text(DaemonState state) {
  return name_of(state);
}

std::string_view to_text(PeerState state) {
  return name_of(state);
}

}  // namespace cpc::admin_protocol
