// The fields of directory_messages.h: a part of fields.h.
#pragma once

#include "daemon/admin_protocol/fields.h"

namespace cpc::admin_protocol {

template <class Visitor>
void fields(Visitor& visit, Is<DirectoryRow> auto& m) {
  visit("id", m.id);
  visit("name", m.name);
  visit("version", m.version);
  visit("names", m.names);
  visit("expires_at", m.expires_at);
  visit("source", m.source);
  visit("endpoints", m.endpoints);
  visit("served", m.served);
  visit("asked_at", m.asked_at);
  visit("trouble", m.trouble);
  visit("split", m.split);
}

template <class Visitor>
void fields(Visitor& visit, Is<DirectoryList> auto& m) {
  visit("directories", m.directories);
}

template <class Visitor>
void fields(Visitor&, Is<DirectoryListRequest> auto&) {}

template <class Visitor>
void fields(Visitor& visit, Is<DirectoryName> auto& m) {
  visit("directory", m.directory);
  visit("name", m.name);
  visit("iid", m.iid);
  visit("status", m.status);
  visit("endpoints", m.endpoints);
  visit("other_iid", m.other_iid);
  visit("current", m.current);
}

template <class Visitor>
void fields(Visitor& visit, Is<DirectoryDetail> auto& m) {
  visit("directory", m.directory);
  visit("keys", m.keys);
  visit("threshold", m.threshold);
  visit("names", m.names);
  visit("more", m.more);
  visit("rival", m.rival);
}

template <class Visitor>
void fields(Visitor& visit, Is<DirectoryShowRequest> auto& m) {
  visit("directory", m.directory);
  visit("after", m.after);
}

template <class Visitor>
void fields(Visitor& visit, Is<DirectoryChanged> auto& m) {
  visit("id", m.id);
  visit("name", m.name);
  visit("before", m.before);
  visit("version", m.version);
  visit("trouble", m.trouble);
}

template <class Visitor>
void fields(Visitor& visit, Is<DirectoryFollowRequest> auto& m) {
  visit("id", m.id);
  visit("source", m.source);
  visit("endpoints", m.endpoints);
  visit("served", m.served);
}

template <class Visitor>
void fields(Visitor& visit, Is<DirectoryImportRequest> auto& m) {
  visit("page", m.page);
}

template <class Visitor>
void fields(Visitor& visit, Is<DirectoryExport> auto& m) {
  visit("page", m.page);
  visit("last", m.last);
  visit("version", m.version);
}

template <class Visitor>
void fields(Visitor& visit, Is<DirectoryExportRequest> auto& m) {
  visit("directory", m.directory);
  visit("after", m.after);
}

template <class Visitor>
void fields(Visitor& visit, Is<DirectoryRefreshRequest> auto& m) {
  visit("directory", m.directory);
}

template <class Visitor>
void fields(Visitor& visit, Is<DirectoryDropped> auto& m) {
  visit("id", m.id);
  visit("name", m.name);
}

template <class Visitor>
void fields(Visitor& visit, Is<DirectoryDropRequest> auto& m) {
  visit("directory", m.directory);
}

}  // namespace cpc::admin_protocol
