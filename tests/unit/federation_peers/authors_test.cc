// Whoever takes part in a log is given the documents of those who wrote in it, and of nobody else.

#include "federation/head_exchange.h"
#include "tests/unit/federation_peers/world.h"

namespace cpc::tests {
namespace {

struct Authors : World {
  Result<Bytes> document_of(const core::Iid& iid) { return document_at(to_text(iid)); }
  Result<Bytes> document_at(const std::string& iid) {
    federation::HttpRequest request;
    request.method = "GET";
    request.path = std::string{federation::author_path} + iid;
    CPC_TRY(auto exchanged, run(alpha.exchange->ask(beta.home.name, std::move(request))));
    return std::move(exchanged.reply.body);
  }
  [[nodiscard]] std::string last_code() const {
    return beta.log.lines.empty() ? "" : beta.log.lines.back().value("code");
  }
};

TEST_CASE("the hub gives its own document, and the asker's as the hub knows it") {
  Authors world;
  REQUIRE(world.greet());
  CHECK(world.document_of(world.beta.home.iid).value() == world.beta.document->bytes());
  const Bytes seen = world.alpha.document->bytes();
  CHECK(world.document_of(world.alpha.home.iid).value() == seen);
  // What the asker publishes and nobody has fetched yet is not known to the hub.
  REQUIRE(world.run(world.alpha.document->renew()));
  CHECK(world.document_of(world.alpha.home.iid).value() == seen);
}

TEST_CASE("nobody else's document is given, and what is no id is refused") {
  Authors world;
  REQUIRE(world.greet());
  CHECK_FALSE(world.document_of(id_of<core::Iid>("gamma.cpc")));
  CHECK(world.last_code() == "UNRECOGNIZED");
  CHECK_FALSE(world.document_at(std::string(43, '_')));
  CHECK(world.last_code() == "MALFORMED");
  CHECK_FALSE(world.document_at(std::string(42, 'A')));
  CHECK_FALSE(world.document_at(to_text(world.beta.home.iid) + "A"));
}

}  // namespace
}  // namespace cpc::tests
