#include <catch2/catch.hpp>
#include <set>

#include "store/record.h"

namespace cpc::store {
namespace {

/// Stands for a value of any type, only to count how many values a row is made of.
struct Any {
  template <class T>
  operator T() const {  // NOLINT(google-explicit-constructor)
    return T{};
  }
};

template <class Row, class... Values>
constexpr std::size_t fields() {
  if constexpr (requires { Row{Values{}..., Any{}}; }) {
    return fields<Row, Values..., Any>();
  } else {
    return sizeof...(Values);
  }
}

/// Columns that a row has beyond one per field: a Head is four, a Position two.
template <class Row>
constexpr std::size_t further_columns = 0;
template <>
constexpr std::size_t further_columns<core::Conversation> = 3;
template <>
constexpr std::size_t further_columns<core::Event> = 1;
template <>
constexpr std::size_t further_columns<core::Lane> = 2;

}  // namespace

TEST_CASE("every field of every kind of row has a column", "[unit]") {
  std::size_t kinds = 0;
  AllRows::each([&]<class Row>() {
    INFO(table_of<Row>().name);
    CHECK(table_of<Row>().columns.size() == fields<Row>() + further_columns<Row>);
    CHECK(table_of<Row>().key_columns == fields<typename Row::Key>());
    ++kinds;
  });
  CHECK(kinds == std::variant_size_v<core::AnyKey>);
}

TEST_CASE("no table has a name or a column twice", "[unit]") {
  std::set<std::string> tables;
  AllRows::each([&]<class Row>() {
    CHECK(tables.insert(table_of<Row>().name).second);
    std::set<std::string> columns;
    for (const Column& column : table_of<Row>().columns) {
      INFO(table_of<Row>().name << "." << column.name);
      CHECK(columns.insert(column.name).second);
    }
  });
}

TEST_CASE("the statements of a table are made of its columns", "[unit]") {
  const Table& table = table_of<core::InLane>();
  CHECK(table.select ==
        "SELECT peer, kind, conversation, epoch, accepted, waiting, parked FROM in_lanes ");
  CHECK(table.find == table.select + "WHERE peer = $1 AND kind = $2 AND conversation = $3");
  CHECK(table.upsert ==
        "INSERT INTO in_lanes (peer, kind, conversation, epoch, accepted, waiting, parked) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (peer, kind, conversation) DO UPDATE SET "
        "epoch = excluded.epoch, accepted = excluded.accepted, waiting = excluded.waiting, "
        "parked = excluded.parked");
  CHECK(table.erase == "DELETE FROM in_lanes WHERE peer = $1 AND kind = $2 AND conversation = $3");
}

TEST_CASE("columns know their type, and which may be empty", "[unit]") {
  std::size_t seen = 0;
  const auto expect = [&](const Table& table, const std::string& name, SqlType type,
                          bool nullable) {
    for (const Column& column : table.columns) {
      if (column.name != name) continue;
      ++seen;
      INFO(name);
      CHECK(column.type == type);
      CHECK(column.is_nullable == nullable);
    }
  };
  expect(table_of<core::Event>(), "author", SqlType::blob, false);
  expect(table_of<core::Event>(), "sender", SqlType::text, true);
  expect(table_of<core::Event>(), "sealed_body", SqlType::blob, false);
  expect(table_of<core::Event>(), "payload", SqlType::text, false);
  expect(table_of<core::Event>(), "n", SqlType::integer, false);
  expect(table_of<core::Conversation>(), "wire_id", SqlType::blob, true);
  CHECK(seen == 6);
}

TEST_CASE("a row that nobody wrote like this is refused by table and column", "[unit]") {
  core::Member member;
  SqlRow right = row_to_sql(member);
  right[1] = std::string{"ann@alpha.cpc"};
  const auto spoilt = [&](std::size_t column, SqlValue value) {
    SqlRow row = right;
    row[column] = std::move(value);
    const auto read = row_from_sql<core::Member>(row);
    return read ? std::string{} : read.error().detail;
  };
  SqlRow copy = right;
  CHECK(row_from_sql<core::Member>(copy));
  CHECK(spoilt(0, Blob{"short"}).find("column conversation") != std::string::npos);
  CHECK(spoilt(1, std::string{"no address"}).find("column address") != std::string::npos);
  CHECK(spoilt(1, std::string{"a@UPPER.cpc"}).find("table members") != std::string::npos);
  CHECK(spoilt(6, std::string{"1"}).find("column has_joined") != std::string::npos);
  CHECK(spoilt(7, {}).find("column delivered_seq") != std::string::npos);
  SqlRow cut(right.begin(), right.end() - 1);
  CHECK_FALSE(row_from_sql<core::Member>(cut));
}

TEST_CASE("keys that differ anywhere are told apart", "[unit]") {
  const core::LaneKey one{core::InstanceName::parse("a.cpc").value(), core::LaneKind::log, {}};
  core::LaneKey other = one;
  other.kind = core::LaneKind::submission;
  CHECK(KeyHash<core::Lane>{}(one) == KeyHash<core::Lane>{}(core::LaneKey{one}));
  CHECK(KeyHash<core::Lane>{}(one) != KeyHash<core::Lane>{}(other));
}

}  // namespace cpc::store
