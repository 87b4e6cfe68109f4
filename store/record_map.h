// Which table and which columns each kind of row of core/records.h has. The one place per kind:
// statements, overlay, cache, flush and the contract suite are all generic over these lists.
//
// Start here: a RecordMap names the table and shows its fields to a visitor, key first. The
// functions take any number of rows at once (`row.local...`), so that one list serves writing (one
// row), comparing (two rows) and naming (a blank row). key() also takes a Key, which has the same
// field names. A visible row's `n` is the last column and is added by records.h's own rule.
// migrations/ has the same columns; the contract suite reads and writes every one of them.
#pragma once

#include <string_view>

#include "core/records.h"

namespace cpc::store {

/// A column's name, and whether a string in it is octets instead of text.
struct ColumnName {
  // NOLINTNEXTLINE(google-explicit-constructor): a plain literal is the usual name.
  constexpr ColumnName(const char* text) : name(text) {}
  constexpr ColumnName(const char* text, bool octets) : name(text), is_octets(octets) {}
  std::string_view name;
  bool is_octets = false;
};
constexpr ColumnName octets(const char* name) {
  return {name, true};
}

template <class Row>
struct RecordMap;

template <>
struct RecordMap<core::Account> {
  static constexpr std::string_view table = "accounts";
  static void key(auto&& visit, auto&... row) { visit("local", row.local...); }
  static void rest(auto&& visit, auto&... row) {
    visit("incarnation", row.incarnation...);
    visit("password_hash", row.password_hash...);
    visit("is_disabled", row.is_disabled...);
    visit("session_generation", row.session_generation...);
    visit("created_at", row.created_at...);
    visit("requests_since", row.requests_since...);
    visit("requests_sent", row.requests_sent...);
  }
};

template <>
struct RecordMap<core::Conversation> {
  static constexpr std::string_view table = "conversations";
  static void key(auto&& visit, auto&... row) { visit("id", row.id...); }
  static void rest(auto&& visit, auto&... row) {
    visit("low", row.low...);
    visit("high", row.high...);
    visit("wire_id", row.wire_id...);
    visit("hub", row.hub...);
    visit("head_hub_epoch", row.head.position.hub_epoch...);
    visit("head_seq", row.head.position.seq...);
    visit("head_hub_time", row.head.hub_time...);
    visit("head_link", row.head.link...);
    visit("drafts", row.drafts...);
    visit("drafts_made", row.drafts_made...);
    visit("submitted", row.submitted...);
    visit("created_at", row.created_at...);
  }
};

template <>
struct RecordMap<core::ConversationByPair> {
  static constexpr std::string_view table = "conversations_by_pair";
  static void key(auto&& visit, auto&... row) {
    visit("low", row.low...);
    visit("high", row.high...);
  }
  static void rest(auto&& visit, auto&... row) { visit("id", row.id...); }
};

template <>
struct RecordMap<core::ConversationByWire> {
  static constexpr std::string_view table = "conversations_by_wire";
  static void key(auto&& visit, auto&... row) { visit("wire_id", row.wire_id...); }
  static void rest(auto&& visit, auto&... row) { visit("id", row.id...); }
};

template <>
struct RecordMap<core::Member> {
  static constexpr std::string_view table = "members";
  static void key(auto&& visit, auto&... row) {
    visit("conversation", row.conversation...);
    visit("address", row.address...);
  }
  static void rest(auto&& visit, auto&... row) {
    visit("iid", row.iid...);
    visit("incarnation", row.incarnation...);
    visit("member_id", row.member_id...);
    visit("is_listed", row.is_listed...);
    visit("has_joined", row.has_joined...);
    visit("delivered_seq", row.delivered_seq...);
    visit("read_seq", row.read_seq...);
  }
};

template <>
struct RecordMap<core::UntoldRead> {
  static constexpr std::string_view table = "untold_reads";
  static void key(auto&& visit, auto&... row) {
    visit("conversation", row.conversation...);
    visit("address", row.address...);
  }
  static void rest(auto&& visit, auto&... row) { visit("read_seq", row.read_seq...); }
};

template <>
struct RecordMap<core::Event> {
  static constexpr std::string_view table = "events";
  static void key(auto&& visit, auto&... row) {
    visit("conversation", row.conversation...);
    visit("author", row.author...);
    visit("id", row.id...);
  }
  static void rest(auto&& visit, auto&... row) {
    visit("type", row.type...);
    visit("sender", row.sender...);
    visit("member", row.member...);
    visit("time", row.time...);
    visit("state", row.state...);
    visit("reason", row.reason...);
    visit("hub_epoch", row.position.hub_epoch...);
    visit("seq", row.position.seq...);
    visit("hub_time", row.hub_time...);
    visit("link", row.link...);
    visit("hash", row.hash...);
    visit("submission", row.submission...);
    visit("draft_order", row.draft_order...);
    visit("protected_header", row.protected_header...);
    visit("payload", row.payload...);
    visit("signature", row.signature...);
    visit(octets("salt"), row.salt...);
    visit(octets("sealed_body"), row.sealed_body...);
    visit("is_hidden", row.is_hidden...);
    visit("superseded", row.superseded...);
  }
};

template <>
struct RecordMap<core::Consent> {
  static constexpr std::string_view table = "consents";
  static void key(auto&& visit, auto&... row) {
    visit("owner", row.owner...);
    visit("type", row.type...);
    visit("scope", row.scope...);
    visit("subject", row.subject...);
  }
  static void rest(auto&& visit, auto&... row) {
    visit("state", row.state...);
    visit("version", row.version...);
    visit("basis", row.basis...);
    visit("changed_at", row.changed_at...);
    visit("told_version", row.told_version...);
  }
};

/// from and to are words of SQL.
template <>
struct RecordMap<core::ContactRequest> {
  static constexpr std::string_view table = "contact_requests";
  static void key(auto&& visit, auto&... row) {
    visit("owner", row.owner...);
    visit("from_address", row.from...);
  }
  static void rest(auto&& visit, auto&... row) {
    visit("frame", row.frame...);
    visit("conversation", row.conversation...);
    visit("from_iid", row.from_iid...);
    visit("from_incarnation", row.from_incarnation...);
    visit("from_member", row.from_member...);
    visit(octets("sealed_intro"), row.sealed_intro...);
    visit("is_open", row.is_open...);
    visit("received_at", row.received_at...);
  }
};

template <>
struct RecordMap<core::OpenRequests> {
  static constexpr std::string_view table = "open_requests";
  static void key(auto&& visit, auto&... row) {
    visit("owner", row.owner...);
    visit("origin", row.origin...);
  }
  static void rest(auto&& visit, auto&... row) {
    visit("since", row.since...);
    visit("open", row.open...);
    visit("unheard", row.unheard...);
  }
};

template <>
struct RecordMap<core::SentRequest> {
  static constexpr std::string_view table = "sent_requests";
  static void key(auto&& visit, auto&... row) {
    visit("from_address", row.from...);
    visit("to_address", row.to...);
  }
  static void rest(auto&& visit, auto&... row) {
    visit("frame", row.frame...);
    visit("draft", row.draft...);
    visit("sent_at", row.sent_at...);
  }
};

template <>
struct RecordMap<core::Projection> {
  static constexpr std::string_view table = "projections";
  static void key(auto&& visit, auto&... row) {
    visit("owner", row.owner...);
    visit("subject", row.subject...);
  }
  static void rest(auto&& visit, auto&... row) {
    visit("is_granted", row.is_granted...);
    visit("epoch", row.epoch...);
    visit("version", row.version...);
    visit("owner_iid", row.owner_iid...);
    visit("owner_incarnation", row.owner_incarnation...);
    visit("owner_member", row.owner_member...);
    visit("issued_at", row.issued_at...);
  }
};

template <>
struct RecordMap<core::Lane> {
  static constexpr std::string_view table = "lanes";
  static void key(auto&& visit, auto&... row) {
    visit("peer", row.peer...);
    visit("kind", row.kind...);
    visit("conversation", row.conversation...);
  }
  static void rest(auto&& visit, auto&... row) {
    visit("head_hub_epoch", row.head.hub_epoch...);
    visit("head_seq", row.head.seq...);
    visit("acked_hub_epoch", row.acked.hub_epoch...);
    visit("acked_seq", row.acked.seq...);
    visit("blocked", row.blocked...);
  }
};

template <>
struct RecordMap<core::Frame> {
  static constexpr std::string_view table = "frames";
  static void key(auto&& visit, auto&... row) {
    visit("peer", row.peer...);
    visit("position", row.position...);
  }
  static void rest(auto&& visit, auto&... row) { visit(octets("jws"), row.jws...); }
};

template <>
struct RecordMap<core::InLane> {
  static constexpr std::string_view table = "in_lanes";
  static void key(auto&& visit, auto&... row) {
    visit("peer", row.peer...);
    visit("kind", row.kind...);
    visit("conversation", row.conversation...);
  }
  static void rest(auto&& visit, auto&... row) {
    visit("epoch", row.epoch...);
    visit("accepted", row.accepted...);
    visit("waiting", row.waiting...);
    visit("parked", row.parked...);
  }
};

template <>
struct RecordMap<core::InboxFrame> {
  static constexpr std::string_view table = "inbox_frames";
  static void key(auto&& visit, auto&... row) {
    visit("origin", row.origin...);
    visit("id", row.id...);
  }
  static void rest(auto&& visit, auto&... row) {
    visit(octets("jws"), row.jws...);
    visit("received_at", row.received_at...);
    visit("attempts", row.attempts...);
    visit("is_parked", row.is_parked...);
  }
};

template <>
struct RecordMap<core::Peer> {
  static constexpr std::string_view table = "peers";
  static void key(auto&& visit, auto&... row) { visit("name", row.name...); }
  static void rest(auto&& visit, auto&... row) {
    visit("iid", row.iid...);
    visit(octets("document"), row.document...);
    visit("delegation_serial", row.delegation_serial...);
    visit("operational_serial", row.operational_serial...);
    visit("fetched_at", row.fetched_at...);
    visit("epoch", row.epoch...);
    visit("boot_counter", row.boot_counter...);
    visit("trust", row.trust...);
    visit("source", row.source...);
    visit("endpoints", row.endpoints...);
    visit("is_blocked", row.is_blocked...);
    visit("accepted_at", row.accepted_at...);
    visit("roots", row.roots...);
    visit("next_root", row.next_root...);
    visit("rival", row.rival...);
    visit("rival_source", row.rival_source...);
    visit("rival_seen_at", row.rival_seen_at...);
  }
};

template <>
struct RecordMap<core::Evidence> {
  static constexpr std::string_view table = "evidence";
  static void key(auto&& visit, auto&... row) {
    visit("peer", row.peer...);
    visit("number", row.number...);
  }
  static void rest(auto&& visit, auto&... row) {
    visit("at", row.at...);
    visit("code", row.code...);
    visit(octets("lanes"), row.lanes...);
    visit(octets("proof"), row.proof...);
  }
};

template <>
struct RecordMap<core::Directory> {
  static constexpr std::string_view table = "directories";
  static void key(auto&& visit, auto&... row) { visit("id", row.id...); }
  static void rest(auto&& visit, auto&... row) {
    visit("name", row.name...);
    visit("version", row.version...);
    visit("source", row.source...);
    visit("endpoints", row.endpoints...);
    visit("is_served", row.is_served...);
    visit("asked_at", row.asked_at...);
    visit(octets("rival"), row.rival...);
    visit("rival_seen_at", row.rival_seen_at...);
  }
};

template <>
struct RecordMap<core::DirectoryRecord> {
  static constexpr std::string_view table = "directory_records";
  static void key(auto&& visit, auto&... row) {
    visit("directory", row.directory...);
    visit("version", row.version...);
  }
  static void rest(auto&& visit, auto&... row) { visit(octets("record"), row.record...); }
};

template <>
struct RecordMap<core::Idempotency> {
  static constexpr std::string_view table = "idempotency";
  static void key(auto&& visit, auto&... row) {
    visit("local", row.local...);
    visit("client_id", row.client_id...);
  }
  static void rest(auto&& visit, auto&... row) {
    visit("request", row.request...);
    visit("conversation", row.conversation...);
    visit("event", row.event...);
    visit("created_at", row.created_at...);
  }
};

}  // namespace cpc::store
