# Writes a .cc that holds every script of migrations/:
#   cmake -DFOLDER=<migrations> -DOUTPUT=<file.cc> -P embed_migrations.cmake
file(GLOB scripts ${FOLDER}/*.sql)
list(SORT scripts)
set(rows "")
foreach(script IN LISTS scripts)
  get_filename_component(name ${script} NAME_WE)
  if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_[a-z_]+$")
    message(FATAL_ERROR "${script}: a migration is named NNNN_verb_noun.sql")
  endif()
  string(REGEX REPLACE "^0*([0-9]+)_.*" "\\1" number ${name})
  file(READ ${script} text)
  if(NOT text MATCHES "^--")
    message(FATAL_ERROR "${script}: a migration opens with a comment that says why")
  endif()
  string(APPEND rows "    {${number}, \"${name}\", R\"migration(${text})migration\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made from migrations/ by store/embed_migrations.cmake.
#include \"store/migrator.h\"

namespace cpc::store {

std::span<const Migration> known_migrations() {
  static const Migration migrations[] = {
${rows}  };
  return migrations;
}

}  // namespace cpc::store
")
