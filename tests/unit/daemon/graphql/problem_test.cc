#include "daemon/graphql/problem.h"

#include <catch2/catch.hpp>

namespace cpc::graphql {

TEST_CASE("a place in a document counts lines and code points from one") {
  CHECK(locate("abc", 0) == Location{1, 1});
  CHECK(locate("a\nbc", 3) == Location{2, 2});
  CHECK(locate("a\r\nbc", 3) == Location{2, 1});
  CHECK(locate("a\rbc", 2) == Location{2, 1});
  CHECK(locate("\xC3\xA4\xF0\x9F\x98\x80x", 6) == Location{1, 3});
}

TEST_CASE("a refusal has errors and no data") {
  const Refusal refusal = refuse(code::bad_user_input, "no", {{2, 3}});
  CHECK(refusal.answer().dump() ==
        R"({"errors":[{"message":"no","locations":[{"line":2,"column":3}],)"
        R"("extensions":{"code":"BAD_USER_INPUT"}}]})");
}

}  // namespace cpc::graphql
