# Writes a .cc that holds the client API's schema:
#   cmake -DSCHEMA=<file.graphql> -DOUTPUT=<file.cc> -P embed_schema.cmake
file(READ ${SCHEMA} text)
file(WRITE ${OUTPUT} "// Made from daemon/schema.graphql by daemon/api/embed_schema.cmake.
#include \"daemon/api/client_api.h\"

namespace cpc::api {

std::string_view client_schema() {
  return R\"schema(${text})schema\";
}

}  // namespace cpc::api
")
