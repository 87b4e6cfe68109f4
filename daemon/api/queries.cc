// The resolvers of Query, and of the fields below it that need the store or the peers' health.

#include "core/codes.h"
#include "daemon/api/arguments.h"
#include "daemon/api/client_api.h"
#include "daemon/api/errors.h"
#include "daemon/api/ids.h"
#include "daemon/api/views.h"

namespace cpc::api {
namespace {

using boost::asio::awaitable;
using graphql::FieldCall;
using graphql::Outcome;

constexpr std::int64_t page_max = 100;
constexpr std::size_t conversations_page_default = 20;
constexpr std::size_t requests_page_default = 20;
constexpr std::size_t consents_page_default = 50;

// Runs `look` for whoever is signed in; its value or its failure is the field's. Fields of one
// operation run one after the other, each in a state of its own; the first one's n is kept.
template <class Look>
awaitable<Outcome> looked_up(FieldCall call, Look look) {
  Caller& caller = call.request.context<Caller>();
  if (!caller.session) co_return field_error(unauthenticated());
  const Viewer viewer{caller.parts.home, caller.address()};
  json found;
  const auto read = [&](core::Snapshot& store) -> Result<> {
    if (!caller.first_n) {
      CPC_TRY(caller.first_n, store.last_n());
    }
    CPC_TRY(found, look(store, viewer, call.args));
    return success();
  };
  const Result<> done = co_await caller.parts.store.read(read);
  if (!done) co_return field_error(caller.parts.log, done.error());
  co_return found;
}

Result<json> look_up_me(core::Snapshot& store, const Viewer& viewer, const json&) {
  CPC_TRY(const auto account, store.find(core::AccountKey{viewer.person.local}));
  if (!account) return unauthenticated();
  return account_view(viewer.home, *account);
}

Result<json> look_up_conversation(core::Snapshot& store, const Viewer& viewer, const json& args) {
  CPC_TRY(const auto id, read_conversation_id(text_in(args, "id")));
  const auto conversation = visible_conversation(store, viewer, id);
  if (!conversation && conversation.error().code == ErrorCode::not_found) return json(nullptr);
  if (!conversation) return conversation.error();
  return conversation_view(store, viewer, conversation.value());
}

CursorOwner owner_of(const Viewer& viewer) {
  return {viewer.home, viewer.person.local};
}

Result<std::size_t> page_size(const json& args, const char* name, std::size_t otherwise) {
  if (!is_given(args, name)) return otherwise;
  const auto size = args.at(name).get<std::int64_t>();
  if (size < 0 || size > page_max) {
    return core::refuse(ErrorCode::invalid, "PAGE_INVALID", "a page has 0 to 100 entries");
  }
  return static_cast<std::size_t>(size);
}

json page_of(json edges, bool has_next, bool has_previous) {
  json info{{"hasNextPage", has_next},
            {"hasPreviousPage", has_previous},
            {"startCursor", nullptr},
            {"endCursor", nullptr}};
  if (!edges.empty()) {
    info["startCursor"] = edges.front().at("cursor");
    info["endCursor"] = edges.back().at("cursor");
  }
  return {{"edges", std::move(edges)}, {"pageInfo", std::move(info)}};
}

// The place after which a list that is ordered by last change goes on; 0: from its beginning.
Result<std::int64_t> list_place(const Viewer& viewer, const json& args) {
  if (!is_given(args, "after")) return 0;
  return read_list_cursor(text_in(args, "after"), owner_of(viewer));
}

// A page of a list that goes forwards only: `rows` are one more than fit when there are more.
template <class Row, class CursorOf, class ViewOf>
Result<json> forward_page(std::vector<Row> rows, std::size_t first, bool has_previous,
                          const CursorOf& cursor_of, const ViewOf& view_of) {
  const bool has_next = rows.size() > first;
  if (has_next) rows.erase(rows.end() - 1);
  json edges = json::array();
  for (const Row& row : rows) {
    CPC_TRY(json node, view_of(row));
    edges.push_back({{"cursor", cursor_of(row)}, {"node", std::move(node)}});
  }
  return page_of(std::move(edges), has_next, has_previous);
}

Result<json> look_up_conversations(core::Snapshot& store, const Viewer& viewer, const json& args) {
  CPC_TRY(const std::size_t first, page_size(args, "first", conversations_page_default));
  CPC_TRY(const std::int64_t before_n, list_place(viewer, args));
  CPC_TRY(auto rows, store.conversations_of(viewer.person, before_n, first + 1));
  const CursorOwner owner = owner_of(viewer);
  return forward_page(
      std::move(rows), first, before_n != 0,
      [&](const core::Conversation& row) { return list_cursor(owner, row.n); },
      [&](const core::Conversation& row) { return conversation_view(store, viewer, row); });
}

Result<json> look_up_requests(core::Snapshot& store, const Viewer& viewer, const json& args) {
  const bool only_open = !is_given(args, "onlyOpen") || args.at("onlyOpen").get<bool>();
  CPC_TRY(const std::size_t first, page_size(args, "first", requests_page_default));
  CPC_TRY(const std::int64_t before_n, list_place(viewer, args));
  CPC_TRY(auto rows, store.requests_of(viewer.person.local, only_open, before_n, first + 1));
  const CursorOwner owner = owner_of(viewer);
  return forward_page(
      std::move(rows), first, before_n != 0,
      [&](const core::ContactRequest& row) { return list_cursor(owner, row.n); },
      [&](const core::ContactRequest& row) { return request_view(store, viewer, row); });
}

Result<json> look_up_consents(core::Snapshot& store, const Viewer& viewer, const json& args) {
  CPC_TRY(const std::size_t first, page_size(args, "first", consents_page_default));
  std::optional<core::ConsentKey> after;
  if (is_given(args, "after")) {
    CPC_TRY(after, read_consent_cursor(text_in(args, "after"), viewer.person.local));
  }
  CPC_TRY(auto rows, store.consents_of(viewer.person.local, after, first + 1));
  return forward_page(
      std::move(rows), first, after.has_value(),
      [](const core::Consent& row) { return consent_cursor(row.key()); },
      [&](const core::Consent& row) -> Result<json> { return consent_view(viewer.home, row); });
}

// --- Conversation.messages --------------------------------------------------------------------

struct MessagePage {
  core::Snapshot::MessageRange range;
  bool is_backwards = false;
};

Result<MessagePage> message_page(const Viewer& viewer, const core::ConversationId& conversation,
                                 const json& args) {
  const bool forwards = is_given(args, "first") || is_given(args, "after");
  const bool backwards = is_given(args, "last") || is_given(args, "before");
  if (forwards && backwards) {
    return core::refuse(ErrorCode::invalid, "PAGE_INVALID",
                        "page forwards with first/after or backwards with last/before");
  }
  MessagePage page;
  page.is_backwards = !forwards;
  page.range.conversation = conversation;
  page.range.person = viewer.person;
  const char* size = page.is_backwards ? "last" : "first";
  const char* cursor = page.is_backwards ? "before" : "after";
  CPC_TRY(page.range.limit, page_size(args, size, messages_page_default));
  if (!is_given(args, cursor)) {
    page.range.from_start = !page.is_backwards;
    return page;
  }
  CPC_TRY(const auto key, read_message_id(text_in(args, cursor)));
  (page.is_backwards ? page.range.before : page.range.after) = key;
  return page;
}

Result<json> look_up_messages(core::Snapshot& store, const Viewer& viewer,
                              const core::ConversationId& id, const json& args) {
  CPC_TRY(const auto conversation, visible_conversation(store, viewer, id));
  CPC_TRY(MessagePage page, message_page(viewer, id, args));
  const std::size_t size = page.range.limit;
  page.range.limit = size + 1;
  CPC_TRY(auto rows, store.messages(page.range));
  const bool has_more = rows.size() > size;
  if (has_more) rows.erase(page.is_backwards ? rows.begin() : rows.end() - 1);
  json edges = json::array();
  for (const core::Event& row : rows) {
    CPC_TRY(json node, message_view(store, viewer, conversation, row));
    json cursor = node.at("id");
    edges.push_back({{"cursor", std::move(cursor)}, {"node", std::move(node)}});
  }
  const bool is_inside =
      page.is_backwards ? page.range.before.has_value() : is_given(args, "after");
  return page_of(std::move(edges), page.is_backwards ? is_inside : has_more,
                 page.is_backwards ? has_more : is_inside);
}

awaitable<Outcome> messages(FieldCall call) {
  const auto id = read_conversation_id(text_in(call.parent, "id"));
  if (!id) co_return field_error(id.error());
  const core::ConversationId conversation = id.value();
  const auto look = [conversation](core::Snapshot& store, const Viewer& viewer, const json& args) {
    return look_up_messages(store, viewer, conversation, args);
  };
  co_return co_await looked_up(call, look);
}

// --- Message.state and what belongs to it -------------------------------------------------------

// How the instance stands that a message of ours waits for; nothing when it does not wait.
std::optional<routing::PeerStatus> failing_peer(const FieldCall& call) {
  if (!call.parent.contains("_waits_for")) return std::nullopt;
  const auto name =
      core::InstanceName::parse(call.parent.at("_waits_for").get_ref<const std::string&>());
  const routing::PeerHealth& health = call.request.context<Caller>().parts.health;
  if (!name || !health.is_failing(name.value())) return std::nullopt;
  return health.of(name.value());
}

json member_or_null(const json& parent, const char* name) {
  return parent.contains(name) ? parent.at(name) : json(nullptr);
}

awaitable<Outcome> message_state(FieldCall call) {
  if (failing_peer(call)) co_return json("DELAYED");
  co_return call.parent.at("state");
}

awaitable<Outcome> message_state_reason(FieldCall call) {
  if (failing_peer(call)) co_return json("INSTANCE_UNREACHABLE");
  co_return member_or_null(call.parent, "stateReason");
}

awaitable<Outcome> message_next_try(FieldCall call) {
  const auto peer = failing_peer(call);
  if (!peer) co_return json(nullptr);
  co_return json(to_milliseconds(peer->next_try_at));
}

awaitable<Outcome> me(FieldCall call) {
  return looked_up(call, look_up_me);
}
// Older than everything that this operation shows, and never the same twice.
awaitable<Outcome> cursor(FieldCall call) {
  const Caller& caller = call.request.context<Caller>();
  const Bytes salt = caller.parts.random.bytes(cursor_salt_bytes);
  const auto look = [&](core::Snapshot&, const Viewer& viewer, const json&) -> Result<json> {
    return json(change_cursor(owner_of(viewer), *caller.first_n, salt));
  };
  co_return co_await looked_up(call, look);
}
awaitable<Outcome> conversation(FieldCall call) {
  return looked_up(call, look_up_conversation);
}
awaitable<Outcome> conversations(FieldCall call) {
  return looked_up(call, look_up_conversations);
}
awaitable<Outcome> contact_requests(FieldCall call) {
  return looked_up(call, look_up_requests);
}
awaitable<Outcome> consents(FieldCall call) {
  return looked_up(call, look_up_consents);
}

}  // namespace

void add_queries(graphql::Engine& engine) {
  engine.resolve("Query", "me", me);
  engine.resolve("Query", "cursor", cursor);
  engine.resolve("Query", "conversation", conversation);
  engine.resolve("Query", "conversations", conversations);
  engine.resolve("Query", "contactRequests", contact_requests);
  engine.resolve("Query", "consents", consents);
  engine.resolve("Conversation", "messages", messages);
  engine.resolve("Message", "state", message_state);
  engine.resolve("Message", "stateReason", message_state_reason);
  engine.resolve("Message", "nextTryAt", message_next_try);
}

}  // namespace cpc::api
